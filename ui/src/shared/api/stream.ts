/** One WebSocket to the server that comes back by itself. */
import type { PatchOp, UiSpec } from "@/engine/protocol";
import { token, useAccess } from "./token";
import type { GenerationReport } from "./types";

export type ClientMessage =
  | { type: "auth"; token: string }
  | { type: "generate_ui"; message: string; id: string }
  | { type: "chat"; message: string; id: string; context: ChatContext }
  | { type: "cancel"; id: string }
  | { type: "resume"; id: string; seq: number }
  | { type: "attach"; app_id: string; engine: string }
  | { type: "app_state"; app_id: string; engine: string; base_rev: number; ops: PatchOp[] }
  | { type: "subscribe"; topics: ("apps" | "kernel")[] }
  | { type: "ping" };

/** Which conversation a message belongs to, and what was said in it before, should the server have forgotten. */
interface ChatContext {
  conversation_id: string;
  history: { role: "user" | "model"; text: string }[];
}

/** What messages of a generation or a chat have. */
interface OfJob {
  id: string;
  seq?: number;
}

export type ServerMessage =
  | { type: "system"; message: string; version: string }
  | ({ type: "generation_start"; message: string; app_id?: string } & OfJob)
  | ({ type: "token"; content: string } & OfJob)
  | ({ type: "thought"; content: string } & OfJob)
  | ({ type: "ui_patch"; patch: PatchOp[] } & OfJob)
  | ({ type: "ui_complete"; ui_spec: UiSpec; app_id: string; report?: GenerationReport } & OfJob)
  | ({ type: "complete" } & OfJob)
  | { type: "error"; error: string; code: string; id?: string; app_id?: string; details?: unknown }
  | { type: "app_state_ack"; app_id: string; rev: number }
  | { type: "app_state_conflict"; app_id: string; rev: number; reason: "engine_replaced" | "stale_rev" }
  | { type: "engine_replaced"; app_id: string }
  | ServerEvent
  | { type: "lagged"; topic: "apps" | "kernel"; missed: number }
  | { type: "pong" };

/** Something that happened to apps or in the kernel; `data` is what that kind of event tells. */
export interface ServerEvent {
  type: "event";
  topic: "apps" | "kernel";
  /** Counts the events of its topic. */
  seq?: number;
  kind: string;
  data: Record<string, unknown>;
  timestamp?: string;
}

/** The part of the browser's WebSocket that is used here. */
export interface Socket {
  readyState: number;
  send(text: string): void;
  close(): void;
  onopen: (() => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
}

const OPEN = 1;
/** The code by which the server closes a line that did not begin with its token. */
const UNAUTHENTICATED = 4401;
const FIRST_DELAY_MS = 400;
const LONGEST_DELAY_MS = 10_000;
const LONGEST_SILENCE_MS = 3_000;

export class Stream {
  readonly #connect: () => Socket;
  readonly #messageListeners = new Set<(message: ServerMessage) => void>();
  readonly #onlineListeners = new Set<(online: boolean) => void>();
  #socket: Socket | null = null;
  #delay = FIRST_DELAY_MS;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #heard: Promise<void> | null = null;

  constructor(connect: () => Socket) {
    this.#connect = connect;
  }

  start(): void {
    const socket = this.#connect();
    this.#socket = socket;
    socket.onopen = () => {
      this.#delay = FIRST_DELAY_MS;
      const shown = token();
      if (shown !== null) this.send({ type: "auth", token: shown });
      for (const listener of [...this.#onlineListeners]) listener(true);
    };
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = ({ code }) => {
      this.#heard = null;
      for (const listener of [...this.#onlineListeners]) listener(false);
      if (code === UNAUTHENTICATED) {
        useAccess.getState().refuse();
        return;
      }
      this.#retry = setTimeout(() => this.start(), this.#delay * (0.75 + Math.random() / 2));
      this.#delay = Math.min(this.#delay * 2, LONGEST_DELAY_MS);
    };
  }

  /** Tries again at once instead of after the pause. */
  retryNow(): void {
    if (this.online || this.#retry === undefined) return;
    clearTimeout(this.#retry);
    this.#delay = FIRST_DELAY_MS;
    this.start();
  }

  get online(): boolean {
    return this.#socket?.readyState === OPEN;
  }

  /** Sends now, or answers false: nothing is queued, the caller decides what a lost line means. */
  send(message: ClientMessage): boolean {
    if (!this.#socket || !this.online) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /**
   * Resolves once the server has read what was sent when the line opened, so that it knows who listens; without a
   * line, after a few seconds.
   */
  heard(): Promise<void> {
    this.#heard ??= this.#untilPong();
    return this.#heard;
  }

  #untilPong(): Promise<void> {
    return new Promise((resolve) => {
      const stop = [
        this.onMessage(({ type }) => type === "pong" && done()),
        this.onOnline((online) => online && this.send({ type: "ping" })),
      ];
      const patience = setTimeout(() => {
        this.#heard = null;
        done();
      }, LONGEST_SILENCE_MS);
      const done = () => {
        clearTimeout(patience);
        for (const end of stop) end();
        resolve();
      };
      this.send({ type: "ping" });
    });
  }

  onMessage(listener: (message: ServerMessage) => void): () => void {
    this.#messageListeners.add(listener);
    return () => this.#messageListeners.delete(listener);
  }

  onOnline(listener: (online: boolean) => void): () => void {
    this.#onlineListeners.add(listener);
    return () => this.#onlineListeners.delete(listener);
  }

  #receive(data: unknown): void {
    if (typeof data !== "string") return;
    const message = JSON.parse(data) as ServerMessage;
    for (const listener of [...this.#messageListeners]) listener(message);
  }
}

export function browserSocket(): Socket {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  return new WebSocket(`${scheme}://${location.host}/stream`) as Socket;
}
