/** Feeds the server's replica of one app's state; durable means acknowledged. */
import type { AppState, PatchOp } from "@/engine/protocol";
import { ApiError } from "@/shared/api/client";
import type { Stream } from "@/shared/api/stream";

const QUIET_MS = 250;
/** Larger batches go as a whole state by PUT; the line takes 256 KiB, its envelope included. */
const LARGEST_BATCH_BYTES = 240 * 1024;
const LONGEST_BATCH = 4096;
/** What a browser still delivers for a page that is going away. */
const LARGEST_FAREWELL_BYTES = 60 * 1024;
const RETRY_MS = 2000;

export interface ReplicaOptions {
  app: string;
  engine: string;
  rev: number;
  stream: Pick<Stream, "send" | "online">;
  putState(state: AppState, farewell: boolean): Promise<{ rev: number }>;
  /** The whole state as it is now. */
  state(): AppState;
  onUnsaved(unsaved: boolean): void;
  onReplaced(): void;
  /** The server does not take this state; nothing is sent again before the next change. */
  onRefused(message: string): void;
}

export class Replica {
  readonly #options: ReplicaOptions;
  #engine: string;
  #rev: number;
  #unsent: PatchOp[] = [];
  #unsentBytes = 0;
  #inFlight: "nothing" | "batch" | "whole" = "nothing";
  /** The server may not hold what the batches since assume, so only a whole state will do. */
  #wholeNeeded = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #unsaved = false;
  #stopped = false;

  constructor(options: ReplicaOptions) {
    this.#options = options;
    this.#engine = options.engine;
    this.#rev = options.rev;
  }

  /** Notes a change; it is sent after a quiet moment, or at once. */
  record(ops: PatchOp[], atOnce: boolean): void {
    if (this.#stopped || ops.length === 0) return;
    this.#unsent.push(...ops);
    this.#unsentBytes += JSON.stringify(ops).length;
    if (this.#unsentBytes > LARGEST_BATCH_BYTES || this.#unsent.length > LONGEST_BATCH) {
      this.#wholeNeeded = true;
      this.#forgetUnsent();
    }
    this.#mark();
    if (atOnce) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), QUIET_MS);
  }

  /** Sends what is unsent, unless a batch is still on its way; its acknowledgement sends the rest. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#stopped || this.#inFlight !== "nothing") return;
    if (this.#wholeNeeded) this.#sendWhole();
    else if (this.#unsent.length > 0) this.#sendBatch();
  }

  /** The page is going away: hands over what can still be delivered. */
  farewell(): void {
    if (this.#stopped || !this.#unsaved) return;
    if (this.#inFlight === "nothing" && !this.#wholeNeeded) {
      this.#sendBatch();
      return;
    }
    const state = this.#options.state();
    if (JSON.stringify(state).length <= LARGEST_FAREWELL_BYTES) {
      void this.#options.putState(state, true).catch(() => undefined);
    }
  }

  acknowledged(rev: number): void {
    if (this.#inFlight !== "batch") return;
    this.#rev = rev;
    this.#landed();
  }

  conflict(reason: "engine_replaced" | "stale_rev"): void {
    if (this.#inFlight !== "batch") return;
    if (reason === "engine_replaced") {
      this.#options.onReplaced();
      return;
    }
    this.#inFlight = "nothing";
    this.#wholeNeeded = true;
    this.flush();
  }

  /** The server answered a batch with an error of its own: what it holds is unchanged. */
  refused(message: string): void {
    if (this.#inFlight !== "batch") return;
    this.#inFlight = "nothing";
    this.#wholeNeeded = true;
    this.#options.onRefused(message);
  }

  /** A new lease for the same engine; what the server holds may be older than what was sent. */
  renew(engine: string, rev: number): void {
    this.#wholeNeeded ||= rev !== this.#rev || this.#inFlight !== "nothing";
    this.#engine = engine;
    this.#rev = rev;
    this.#inFlight = "nothing";
    this.flush();
  }

  /** The server changed what it holds by itself, so what it is sent next is the whole state. */
  overtaken(): void {
    if (this.#stopped) return;
    this.#wholeNeeded = true;
    this.#forgetUnsent();
    this.#mark();
    this.flush();
  }

  /** The line broke: whether the batch on its way arrived is unknown. */
  disconnected(): void {
    if (this.#inFlight !== "batch") return;
    this.#inFlight = "nothing";
    this.#wholeNeeded = true;
  }

  /** The line is back and the lease is bound to it again. */
  reconnected(): void {
    this.flush();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #sendBatch(): void {
    const { app, stream } = this.#options;
    const sent = stream.send({
      type: "app_state",
      app_id: app,
      engine: this.#engine,
      base_rev: this.#rev,
      ops: this.#unsent,
    });
    if (!sent) return;
    this.#inFlight = "batch";
    this.#forgetUnsent();
  }

  #sendWhole(): void {
    this.#inFlight = "whole";
    this.#wholeNeeded = false;
    this.#forgetUnsent();
    this.#options.putState(this.#options.state(), false).then(
      ({ rev }) => {
        this.#rev = rev;
        this.#landed();
      },
      (cause: unknown) => this.#wholeFailed(cause),
    );
  }

  #wholeFailed(cause: unknown): void {
    this.#inFlight = "nothing";
    this.#wholeNeeded = true;
    if (this.#stopped) return;
    if (!(cause instanceof ApiError) || cause.code === "unreachable") {
      this.#timer ??= setTimeout(() => this.flush(), RETRY_MS);
    } else if (cause.code === "engine_replaced") this.#options.onReplaced();
    else this.#options.onRefused(cause.message);
  }

  #landed(): void {
    this.#inFlight = "nothing";
    this.#mark();
    if (this.#unsaved) this.flush();
  }

  #forgetUnsent(): void {
    this.#unsent = [];
    this.#unsentBytes = 0;
  }

  #mark(): void {
    const unsaved = this.#inFlight !== "nothing" || this.#wholeNeeded || this.#unsent.length > 0;
    if (unsaved === this.#unsaved) return;
    this.#unsaved = unsaved;
    this.#options.onUnsaved(unsaved);
  }
}
