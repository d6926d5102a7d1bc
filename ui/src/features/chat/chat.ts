/** Talks with the model over the stream; what it says is kept in the chat store. */

import type { ServerMessage, Stream } from "@/shared/api/stream";
import { freshId } from "@/shared/freshId";
import { type Turn, useChat } from "./chatStore";

export interface ChatOptions {
  stream: Stream;
  /** An app is going to be written for the turn `id`, whose messages also tell of the app. */
  onMaking(id: string, question: string): void;
  /** An app was changed. */
  onChanged(appId: string): void;
}

/** Turns that are told again to a server that forgot the conversation, and characters of each. */
const TOLD_TURNS = 20;
const TOLD_CHARACTERS = 2_000;

export class Chat {
  readonly #options: ChatOptions;
  /** How far each answer under way was heard. */
  readonly #heard = new Map<string, number>();
  /** Turns whose answer is over and whose app is being written or changed. */
  readonly #making = new Set<string>();

  constructor(options: ChatOptions) {
    this.#options = options;
  }

  /** Says something; false when there is no line to the server, and then nothing was said. */
  say(question: string): boolean {
    const { conversation, turns, add } = useChat.getState();
    const id = freshId();
    const context = { conversation_id: conversation, history: told(turns) };
    if (!this.#options.stream.send({ type: "chat", id, message: question, context })) return false;
    this.#heard.set(id, 0);
    add({ id, question, answer: "", thoughts: "", state: "answering" });
    return true;
  }

  stop(id: string): void {
    this.#options.stream.send({ type: "cancel", id });
  }

  /** An answer outlives a short loss of the connection, and the page. */
  lineChanged(online: boolean): void {
    if (!online) return;
    for (const { id, state } of useChat.getState().turns) {
      if (state !== "answering") continue;
      const seq = this.#heard.get(id);
      if (seq === undefined) this.#begin(id);
      this.#options.stream.send({ type: "resume", id, seq: seq ?? 0 });
    }
  }

  receive(message: ServerMessage): void {
    if (!("id" in message) || message.id === undefined) return;
    const { id } = message;
    const turn = useChat.getState().turns.find((turn) => turn.id === id && turn.state === "answering");
    if (!turn) return;
    if ("seq" in message && typeof message.seq === "number") this.#heard.set(id, message.seq);
    const { change } = useChat.getState();
    switch (message.type) {
      case "thought":
        change(id, ({ thoughts }) => ({ thoughts: thoughts + message.content }));
        break;
      case "token":
        if (!this.#making.has(id)) change(id, ({ answer }) => ({ answer: answer + message.content }));
        break;
      case "generation_start":
        this.#making.add(id);
        change(id, () => ({ making: message.message }));
        if (!message.app_id) this.#options.onMaking(id, turn.question);
        break;
      case "ui_complete":
        change(id, () => ({ app: { id: message.app_id, title: message.ui_spec.title ?? "the app" } }));
        this.#options.onChanged(message.app_id);
        break;
      case "error":
        change(id, () => ({
          state: "failed",
          error: sentence(message.code, message.error),
          needsModel: message.code === "declined",
        }));
        this.#end(id);
        break;
      case "complete":
        change(id, () => ({ state: "answered" }));
        this.#end(id);
        break;
    }
  }

  /** A page that was loaded anew hears the answer from its beginning. */
  #begin(id: string): void {
    this.#heard.set(id, 0);
    useChat.getState().change(id, () => ({ answer: "", thoughts: "", making: undefined }));
  }

  #end(id: string): void {
    this.#heard.delete(id);
    this.#making.delete(id);
  }
}

function sentence(code: string, error: string): string {
  if (code === "cancelled") return "Stopped.";
  if (code === "not_found") return "The answer was lost when the connection broke. Ask again.";
  return error;
}

function told(turns: Turn[]) {
  const cut = (text: string) => text.slice(0, TOLD_CHARACTERS);
  return turns
    .filter(({ state, answer }) => state === "answered" && answer !== "")
    .slice(-TOLD_TURNS)
    .flatMap(({ question, answer }) => [
      { role: "user" as const, text: cut(question) },
      { role: "model" as const, text: cut(answer) },
    ]);
}
