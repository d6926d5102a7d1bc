/** Follows one app while it is written, and draws it as far as it is known. */
import type { Engine } from "@/engine/engine";
import type { NodeStore } from "@/engine/nodeStore";
import type { PatchOp } from "@/engine/protocol";
import type { ServerMessage, Stream } from "@/shared/api/stream";

export interface GenerationOptions {
  id: string;
  request: string;
  engine: Engine;
  stream: Stream;
  nodes: NodeStore;
  onTitle(title: string): void;
  onThought(thought: string): void;
  onFailed(title: string, message: string, canBuild: string[]): void;
  onComplete(appId: string): void;
}

const TITLES: Record<string, string> = {
  declined: "AgentOS cannot build that by itself",
  generation_failed: "That did not become a working app",
  unreachable: "The server cannot be reached",
};

export class Generation {
  readonly #options: GenerationOptions;
  #lastSeq = 0;
  #settled = false;
  #hasDraft = false;
  #resumes = false;

  constructor(options: GenerationOptions) {
    this.#options = options;
  }

  /** Follows what somebody else asked for and keeps the line to. */
  follow(): void {
    this.#options.nodes.reset({ root: [], nodes: [] });
  }

  start(): void {
    const { id, request, stream } = this.#options;
    this.follow();
    this.#resumes = true;
    if (stream.send({ type: "generate_ui", message: request, id })) return;
    this.#fail(
      "unreachable",
      "The request was not sent. AgentOS keeps trying to reconnect; then try again.",
      [],
    );
  }

  cancel(): void {
    this.#end();
    this.#options.stream.send({ type: "cancel", id: this.#options.id });
  }

  receive(message: ServerMessage): void {
    if (this.#settled || !("id" in message) || message.id !== this.#options.id) return;
    if ("seq" in message && typeof message.seq === "number") this.#lastSeq = message.seq;
    switch (message.type) {
      case "generation_start":
        this.#options.onThought(message.message);
        break;
      case "thought":
        this.#options.onThought(message.content);
        break;
      case "ui_patch":
        this.#draw(message.patch);
        break;
      case "ui_complete":
        this.#end();
        this.#options.onComplete(message.app_id);
        break;
      case "error":
        this.#failWith(message);
        break;
      case "complete":
        this.#fail("generation_failed", "The answer ended before the app was whole.", []);
        break;
    }
  }

  /** A generation outlives a short loss of the connection. */
  lineChanged(online: boolean): void {
    if (this.#settled || !this.#resumes || !online) return;
    this.#options.stream.send({ type: "resume", id: this.#options.id, seq: this.#lastSeq });
  }

  #draw(patch: PatchOp[]): void {
    const { engine, nodes, id, onTitle } = this.#options;
    const title = patch.find((op) => op.path === "/title")?.value;
    if (typeof title === "string" && title !== "") onTitle(title);
    try {
      nodes.apply(engine.call("draft", { app: id, patch }));
      this.#hasDraft = true;
    } catch (cause) {
      this.#options.onThought(`This part could not be drawn yet: ${String(cause)}`);
    }
  }

  #failWith({ code, error, details }: Extract<ServerMessage, { type: "error" }>): void {
    const buildable = canBuild(details);
    const sentences = error.split(/(?<=\.)\s+/);
    const namesBuildable = (sentence: string) => buildable.some((item) => sentence.includes(item));
    this.#fail(code, sentences.filter((sentence) => !namesBuildable(sentence)).join(" "), buildable);
  }

  /** The drawing stays; the engine forgets the draft behind it. */
  #end(): void {
    this.#settled = true;
    if (!this.#hasDraft) return;
    const { engine, id } = this.#options;
    engine.call("close", { app: id, now: Date.now() });
  }

  #fail(code: string, message: string, buildable: string[]): void {
    this.#end();
    this.#options.onFailed(TITLES[code] ?? "The app could not be built", message, buildable);
  }
}

function canBuild(details: unknown): string[] {
  if (typeof details !== "object" || details === null || !("can_build" in details)) return [];
  return Array.isArray(details.can_build) ? details.can_build.filter((item) => typeof item === "string") : [];
}
