/** One open app: its lease, its engine, and the replica that keeps its state. */
import { AppHost } from "@/engine/appHost";
import type { Engine } from "@/engine/engine";
import type { NodeStore } from "@/engine/nodeStore";
import type { Effect, EffectResult, Issue, Json, WindowMode } from "@/engine/protocol";
import type { Shell } from "@/engine/shell";
import { ApiError, api } from "@/shared/api/client";
import type { ServerMessage, Stream } from "@/shared/api/stream";
import type { App, Lease } from "@/shared/api/types";
import { Replica } from "./replica";

export interface SessionOptions {
  app: App;
  engine: Engine;
  stream: Stream;
  shell: Shell;
  nodes?: NodeStore;
  onUnsaved(unsaved: boolean): void;
  /** Another engine runs the app now; this one is frozen. */
  onReplaced(): void;
  /** The app was closed elsewhere. */
  onGone(): void;
  onIssues(issues: Issue[]): void;
}

export class AppSession {
  readonly host: AppHost;
  #app: App;
  #lease: Lease;
  readonly #replica: Replica;
  readonly #options: SessionOptions;
  #mode: WindowMode | null = null;
  #ended = false;
  #asked = 0;
  #renewing = false;

  /**
   * Takes the lease and opens the app with the state the server holds.
   *
   * @throws ApiError when the lease cannot be taken, EngineError when the document cannot be opened.
   */
  static async open(options: SessionOptions): Promise<AppSession> {
    const lease = await api.takeLease(options.app.id);
    return new AppSession(options, lease);
  }

  private constructor(options: SessionOptions, lease: Lease) {
    this.#app = options.app;
    this.#options = options;
    this.#lease = lease;
    this.#replica = new Replica({
      app: options.app.id,
      engine: lease.engine,
      rev: lease.rev,
      stream: options.stream,
      putState: (state, keepalive) => api.putState(options.app.id, this.#lease.engine, state, { keepalive }),
      state: () => this.host.state(),
      onUnsaved: options.onUnsaved,
      onReplaced: () => void this.#leaseLost(),
      onRefused: (message) => options.onIssues([{ code: "state_refused", severity: "error", message }]),
    });
    this.host = new AppHost({
      app: options.app.id,
      engine: options.engine,
      shell: options.shell,
      nodes: options.nodes,
      callService: (effect) => this.#callService(effect),
      mayLoad: (url) => this.#mayLoad(url),
      onChange: (ops, persist) => this.#replica.record(ops, persist),
      onIssues: options.onIssues,
    });
    this.attach();
    this.host.open(options.app.ui_spec, lease.state);
  }

  /** The app with the document that runs. */
  get app(): App {
    return this.#app;
  }

  /**
   * Goes on under the document the server has now and sends the state that came of it; gives whether it was another
   * one.
   *
   * @throws ApiError when the server cannot be asked, EngineError when the document cannot be opened.
   */
  async catchUp(): Promise<boolean> {
    this.#asked += 1;
    const asked = this.#asked;
    const app = await api.app(this.#app.id);
    // Of several answers under way only the last question's is sure to be the newest.
    if (this.#ended || asked !== this.#asked) return false;
    // Not by version: after an undo another edit may have taken the same number.
    if (JSON.stringify(app.ui_spec) === JSON.stringify(this.#app.ui_spec)) return false;
    this.host.replace(app.ui_spec);
    this.#app = app;
    this.#replica.overtaken();
    return true;
  }

  /** Binds the lease to the current connection and sends what waited for it. */
  attach(): void {
    if (this.#ended) return;
    if (this.#options.stream.send({ type: "attach", app_id: this.app.id, engine: this.#lease.engine })) {
      this.#replica.reconnected();
    }
  }

  disconnected(): void {
    this.#replica.disconnected();
  }

  receive(message: ServerMessage): void {
    if (this.#ended || !("app_id" in message) || message.app_id !== this.app.id) return;
    if (message.type === "app_state_ack") this.#replica.acknowledged(message.rev);
    if (message.type === "app_state_conflict") this.#replica.conflict(message.reason);
    if (message.type === "engine_replaced") void this.#leaseLost();
    if (message.type === "error") {
      if (message.code === "not_found") this.#gone();
      else this.#replica.refused(message.error);
    }
  }

  setMode(mode: WindowMode): void {
    if (this.#ended || mode === this.#mode) return;
    const blurred = this.#mode === "focused";
    this.#mode = mode;
    this.host.window(mode);
    if (blurred) this.#replica.flush();
  }

  flush(): void {
    this.#replica.flush();
  }

  /** The page is going away. */
  farewell(): void {
    if (!this.#ended) this.#replica.farewell();
  }

  /** Whether a path the document keeps holds something else than it began with. */
  get hasData(): boolean {
    const persist = this.app.ui_spec.persist;
    if (!Array.isArray(persist) || this.#ended) return false;
    const state = this.host.state();
    const initial = this.app.ui_spec.state;
    return persist.some(
      (path) =>
        typeof path === "string" && JSON.stringify(at(state, path)) !== JSON.stringify(at(initial, path)),
    );
  }

  /** Runs the app's closing actions and sends what they changed. */
  close(): void {
    if (this.#ended) return;
    this.host.close();
    this.#ended = true;
    this.#replica.stop();
  }

  /**
   * Another engine took the lease, or the server was started again and forgot it. In that case nobody
   * runs the app, and this engine goes on under a new lease.
   */
  async #leaseLost(): Promise<void> {
    if (this.#ended || this.#renewing) return;
    this.#renewing = true;
    try {
      if ((await api.app(this.app.id)).state === "suspended") {
        this.#lease = await api.takeLease(this.app.id);
        this.#options.stream.send({ type: "attach", app_id: this.app.id, engine: this.#lease.engine });
        this.#replica.renew(this.#lease.engine, this.#lease.rev);
        return;
      }
      this.#end();
      this.#options.onReplaced();
    } catch (cause) {
      if (cause instanceof ApiError && cause.status === 404) this.#gone();
    } finally {
      this.#renewing = false;
    }
  }

  /** The app's process was ended: nothing it does reaches anything any more. */
  stop(): void {
    if (!this.#ended) this.#end();
  }

  #gone(): void {
    if (this.#ended) return;
    this.#end();
    this.#options.onGone();
  }

  #end(): void {
    this.host.freeze();
    this.#ended = true;
    this.#replica.stop();
  }

  /** Who is asked about it is the person at this desktop, whom the server must have heard of. */
  async #mayLoad(url: string): Promise<boolean> {
    await this.#options.stream.heard();
    return api.access(this.app.id, this.#lease.engine, url).then(
      () => true,
      () => false,
    );
  }

  async #callService(effect: Effect): Promise<EffectResult> {
    await this.#options.stream.heard();
    try {
      const call = { tool_id: effect.tool, params: effect.args, app_id: this.app.id };
      return { ok: await api.execute({ ...call, engine: this.#lease.engine, effect: effect.id }) };
    } catch (cause) {
      if (!(cause instanceof ApiError)) return { error: { code: "unavailable", message: String(cause) } };
      if (cause.code === "engine_replaced") void this.#leaseLost();
      const code = cause.code === "unreachable" ? "unavailable" : cause.code;
      return { error: { code, message: cause.message, details: cause.details } };
    }
  }
}

/** The value at a dotted path or a JSON Pointer. */
function at(state: unknown, path: string): Json | undefined {
  const keys = path.startsWith("/") ? path.slice(1).split("/") : path.split(".");
  let value: unknown = state;
  for (const key of keys) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value as Json | undefined;
}
