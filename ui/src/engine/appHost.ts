/** Runs one open app: feeds its events to the engine and carries out what the engine asks for. */
import { Access } from "./access";
import { type Engine, EngineError } from "./engine";
import { NodeStore } from "./nodeStore";
import type {
  AppState,
  Effect,
  EffectResult,
  Issue,
  NodeId,
  Operations,
  OpName,
  PatchOp,
  Turn,
  UiEvent,
  UiSpec,
  View,
  WindowMode,
} from "./protocol";
import { performShellEffect, type Shell } from "./shell";

/** Timers hold at most a signed 32-bit number of milliseconds; later ones are set again. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

export interface AppHostOptions {
  app: string;
  engine: Engine;
  shell: Shell;
  /** Runs a service tool on the server as this app; must settle with a result, never reject. */
  callService(effect: Effect): Promise<EffectResult>;
  onChange(ops: PatchOp[], persist: boolean): void;
  onIssues(issues: Issue[]): void;
  /** Whether the window may load from an address; must settle, never reject. Nothing may, where it is left out. */
  mayLoad?(url: string): Promise<boolean>;
  nodes?: NodeStore;
  now?(): number;
}

export class AppHost {
  readonly nodes: NodeStore;
  readonly access: Access;
  readonly #options: AppHostOptions;
  readonly #waiting = new Set<number>();
  readonly #onNextFrame = new Map<NodeId, UiEvent>();
  #frame: number | undefined;
  #timeout: ReturnType<typeof setTimeout> | undefined;
  #stopped = false;

  constructor(options: AppHostOptions) {
    this.#options = options;
    this.nodes = options.nodes ?? new NodeStore();
    this.access = new Access(options.mayLoad ?? (() => Promise.resolve(false)));
  }

  /** @throws EngineError when the document cannot be opened. */
  open(spec: UiSpec, state: AppState): View {
    const seed = crypto.getRandomValues(new Uint32Array(1))[0];
    const view = this.#options.engine.call("open", {
      app: this.#options.app,
      spec,
      state,
      seed,
      now: this.#now(),
    });
    this.nodes.reset(view);
    // Warnings about a document were told when it was made; now only what keeps it from working matters.
    this.#follow({ ...view, issues: view.issues?.filter((issue) => issue.severity === "error") });
    document.addEventListener("visibilitychange", this.#tickWhenShown);
    return view;
  }

  /**
   * Goes on under an edited document with the state that fits it.
   *
   * @throws EngineError when the document cannot be opened; the app then goes on as it was.
   */
  replace(spec: UiSpec): void {
    if (this.#stopped) return;
    this.#flushFrame();
    const view = this.#options.engine.call("replace", { ...this.#at(), spec });
    // Nobody waits any more for what the earlier document asked for.
    this.#waiting.clear();
    this.nodes.reset(view);
    this.#follow({ ...view, issues: view.issues?.filter((issue) => issue.severity === "error") });
  }

  dispatch(event: UiEvent): void {
    this.#flushFrame();
    this.#turn("dispatch", { ...this.#at(), event });
  }

  /** For events that come many times a frame: only the last one of each component counts. */
  dispatchOnFrame(event: UiEvent): void {
    this.#onNextFrame.set(event.component, event);
    this.#frame ??= requestAnimationFrame(() => this.#flushFrame());
  }

  range(component: NodeId, first: number, count: number, keep: NodeId[] = []): void {
    this.#turn("range", { ...this.#at(), component, first, count, keep });
  }

  window(state: WindowMode): void {
    this.#turn("window", { ...this.#at(), state });
  }

  /** The whole state as it is now. */
  state(): AppState {
    return this.#options.engine.call("view", { app: this.#options.app }).state;
  }

  /** Another engine runs this app now: nothing is dispatched, timed or resolved any more. */
  freeze(): void {
    if (this.#stopped) return;
    this.#flushFrame();
    this.window("frozen");
    this.#stop();
  }

  /** Runs the app's closing actions and forgets it. */
  close(): void {
    if (!this.#stopped) this.#flushFrame();
    this.#stop();
    this.#waiting.clear();
    try {
      const turn = this.#options.engine.call("close", this.#at());
      if (turn.state_patch?.length) this.#options.onChange(turn.state_patch, true);
      for (const effect of turn.effects ?? []) void this.#perform(effect);
    } catch (cause) {
      this.#report(cause);
    }
  }

  #turn<O extends OpName & ("dispatch" | "resolve" | "tick" | "range" | "window")>(
    op: O,
    request: Operations[O]["request"],
  ): void {
    if (this.#stopped) return;
    try {
      const turn: Turn = this.#options.engine.call(op, request);
      this.nodes.apply(turn);
      this.#follow(turn);
    } catch (cause) {
      this.#report(cause);
    }
  }

  #follow(turn: Turn): void {
    this.#wakeAt(turn.wake_at);
    if (turn.state_patch?.length) this.#options.onChange(turn.state_patch, turn.persist === true);
    if (turn.issues?.length) this.#options.onIssues(turn.issues);
    for (const effect of turn.effects ?? []) void this.#settle(effect);
  }

  async #settle(effect: Effect): Promise<void> {
    this.#waiting.add(effect.id);
    const result = await this.#perform(effect);
    if (!this.#waiting.delete(effect.id)) return;
    this.#turn("resolve", { ...this.#at(), effect: effect.id, ...result });
  }

  #perform(effect: Effect): Promise<EffectResult> {
    return effect.runs === "service"
      ? this.#options.callService(effect)
      : performShellEffect(this.#options.shell, effect);
  }

  #wakeAt(time: number | null | undefined): void {
    clearTimeout(this.#timeout);
    this.#timeout = undefined;
    if (time === undefined || time === null) return;
    const delay = Math.min(Math.max(time - this.#now(), 0), LONGEST_TIMEOUT_MS);
    this.#timeout = setTimeout(this.#tick, delay);
  }

  readonly #tick = (): void => {
    this.#turn("tick", this.#at());
  };

  readonly #tickWhenShown = (): void => {
    if (document.visibilityState === "visible") this.#tick();
  };

  #flushFrame(): void {
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
    this.#frame = undefined;
    const events = [...this.#onNextFrame.values()];
    this.#onNextFrame.clear();
    for (const event of events) this.#turn("dispatch", { ...this.#at(), event });
  }

  #stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timeout);
    document.removeEventListener("visibilitychange", this.#tickWhenShown);
  }

  #report(cause: unknown): void {
    const code = cause instanceof EngineError ? cause.code : "engine_failed";
    const message = cause instanceof Error ? cause.message : String(cause);
    this.#options.onIssues([{ code, severity: "error", message }]);
  }

  #at(): { app: string; now: number } {
    return { app: this.#options.app, now: this.#now() };
  }

  #now(): number {
    return this.#options.now?.() ?? Date.now();
  }
}
