/** Everything that runs on this desktop: opens apps, builds new ones, and keeps windows and sessions together. */
import type { Engine } from "@/engine/engine";
import { NodeStore } from "@/engine/nodeStore";
import type { Issue } from "@/engine/protocol";
import { ApiError, api } from "@/shared/api/client";
import type { ServerEvent, ServerMessage, Stream } from "@/shared/api/stream";
import type { App, GalleryApp, PackageMetadata } from "@/shared/api/types";
import { freshId } from "@/shared/freshId";
import { ask } from "@/shared/questions";
import { useToasts } from "@/shared/toasts";
import { Approvals } from "../approvals/approvals";
import { Chat } from "../chat/chat";
import { rewidened, SMALLEST } from "../desktop/geometry";
import { type DesktopWindow, focusedKey, useWindows, windowOfApp } from "../desktop/windowStore";
import { AppSession } from "./appSession";
import { desktopShell } from "./desktopShell";
import { Generation } from "./generation";
import { preferredWidth } from "./preferredWidth";

const GEOMETRY_QUIET_MS = 400;
const BUILDING_WIDTH = 460;

export class Desk {
  readonly stream: Stream;
  /** The questions about what apps may do. */
  readonly approvals: Approvals;
  readonly chat: Chat;
  readonly #engine: Engine;
  readonly #sessions = new Map<string, AppSession>();
  readonly #generations = new Map<string, Generation>();
  readonly #nodes = new Map<string, NodeStore>();
  readonly #drawnHeights = new Map<string, number>();
  readonly #editedWhileOpening = new Set<string>();
  readonly #moved = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(engine: Engine, stream: Stream) {
    this.#engine = engine;
    this.stream = stream;
    this.approvals = new Approvals({
      load: api.approvals,
      answer: api.answerApproval,
      onAsked: ({ app_id, title }) => tellWhenMinimised(app_id, title),
      onFailed: (message) => useToasts.getState().show({ window: null, tone: "danger", message }),
    });
    this.chat = new Chat({
      stream,
      onMaking: (id, question) => {
        this.#openBuilding(id, question);
        this.#generation(id, question, id).follow();
      },
      onChanged: (app) => {
        const key = windowOfApp(app)?.key;
        if (key) this.focus(key);
      },
    });
    stream.onMessage((message) => this.#receive(message));
    stream.onOnline((online) => this.#lineChanged(online));
    useWindows.subscribe((now, before) => {
      this.#tellModes();
      this.#rememberGeometry(now.windows, before.windows);
    });
    window.addEventListener("online", () => stream.retryNow());
    window.addEventListener("blur", () => this.#flushAll());
    window.addEventListener("pagehide", () => this.#farewell());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") this.#farewell();
    });
  }

  /** Opens a window for every app the server has, taking each lease. Rejects when the server is unreachable. */
  async restore(): Promise<void> {
    const apps = await api.apps();
    const active = apps.find((app) => app.state === "active");
    const inOrder = [...apps.filter((app) => app !== active), ...(active ? [active] : [])];
    for (const app of inOrder) {
      if (app.state !== "destroyed" && !windowOfApp(app.id)) this.#openWindow(app);
    }
    await Promise.all(inOrder.map((app) => this.#startSession(app)));
  }

  nodes(key: string): NodeStore {
    const nodes = this.#nodes.get(key) ?? new NodeStore();
    this.#nodes.set(key, nodes);
    return nodes;
  }

  /** Takes back what the app of a window was allowed and denied: it asks again. */
  async forgetPermissions(key: string, app: string): Promise<void> {
    await api.forgetPermissions(app);
    this.#sessions.get(key)?.host.access.forget();
  }

  session(key: string): AppSession | undefined {
    return this.#sessions.get(key);
  }

  generate(request: string): void {
    const generation = freshId();
    this.#openBuilding(generation, request);
    this.#generation(generation, request, generation).start();
  }

  async launch(metadata: PackageMetadata): Promise<void> {
    const { app_id } = await api.launch(metadata.id);
    const running = windowOfApp(app_id);
    if (running) {
      useWindows.getState().focus(running.key);
      return;
    }
    const app = await api.app(app_id);
    this.#openWindow(app, metadata, metadata.id);
    await this.#startSession(app);
  }

  /** Opens an app of the gallery; each time it is a new one. */
  async openExample(example: GalleryApp): Promise<void> {
    const { ui_spec } = await api.galleryApp(example.id);
    const { app_id } = await api.openApp(ui_spec);
    const app = await api.app(app_id);
    this.#openWindow(app, example);
    await this.#startSession(app);
  }

  focus(key: string): void {
    const window = useWindows.getState().windows[key];
    const wasFocused = focusedKey(useWindows.getState()) === key;
    useWindows.getState().focus(key);
    if (window?.appId && !wasFocused) void api.focusApp(window.appId).catch(() => undefined);
  }

  /** Closes a window and its app; asks first when data would be lost. */
  async close(key: string): Promise<void> {
    const window = useWindows.getState().windows[key];
    if (!window || !(await this.#mayClose(window))) return;
    this.#generations.get(key)?.cancel();
    this.#sessions.get(key)?.close();
    const closed = window.appId ? await this.#closeApp(window.appId) : [];
    for (const appId of closed) this.#forget(windowOfApp(appId)?.key);
    this.#forget(key);
  }

  /** Runs the app here: it was taken by another tab or program, or its process was ended. */
  async takeBack(key: string): Promise<void> {
    const appId = useWindows.getState().windows[key]?.appId;
    if (!appId) return;
    useWindows.getState().change(key, { phase: { kind: "opening" } });
    try {
      await this.#startSession(await api.app(appId));
    } catch (cause) {
      this.#openingFailed(key, cause);
    }
  }

  retry(key: string): void {
    const window = useWindows.getState().windows[key];
    if (window?.phase.kind !== "failed" || !window.phase.retry) return;
    if (window.phase.retry.kind === "open") {
      void this.takeBack(key);
      return;
    }
    this.generateInstead(key, window.phase.retry.request);
  }

  /** Builds something else in a window whose request failed. */
  generateInstead(key: string, request: string): void {
    const generation = freshId();
    useWindows.getState().change(key, {
      title: request,
      phase: { kind: "building", request, thought: "" },
    });
    this.#generation(key, request, generation).start();
  }

  /** Runs the app anew after its view broke. */
  restart(key: string): void {
    this.#sessions.get(key)?.host.freeze();
    void this.takeBack(key);
  }

  #openWindow(app: App, face?: { icon?: string | null }, packageId?: string): void {
    const { position, size, state } = app.window ?? {};
    const place = position && size ? { ...position, ...size } : null;
    useWindows.getState().open({
      key: app.id,
      appId: app.id,
      packageId: packageId ?? app.metadata?.package_id ?? null,
      title: app.title,
      icon: face?.icon ?? null,
      width: preferredWidth(app.ui_spec),
      place,
      minimised: state === "minimised",
      maximised: state === "maximised",
      phase: { kind: "opening" },
    });
  }

  async #startSession(app: App): Promise<void> {
    const key = windowOfApp(app.id)?.key ?? app.id;
    const { change } = useWindows.getState();
    try {
      const session = await AppSession.open({
        app,
        engine: this.#engine,
        stream: this.stream,
        shell: desktopShell(key, () => useWindows.getState().windows[key]?.title ?? app.title),
        nodes: this.nodes(key),
        onUnsaved: (unsaved) => change(key, { unsaved }),
        onReplaced: () => change(key, { phase: { kind: "replaced" }, unsaved: false }),
        onGone: () => {
          const message = "It was closed in another tab or program.";
          change(key, {
            phase: { kind: "failed", title: "This app is gone", message, canBuild: [], retry: null },
          });
        },
        onIssues: (issues) => showIssues(key, issues),
      });
      this.#sessions.set(key, session);
      if (this.#editedWhileOpening.delete(key)) void this.#catchUp(key);
      change(key, { phase: { kind: "live" }, title: app.title });
      this.#tellModes();
    } catch (cause) {
      this.#openingFailed(key, cause);
    }
  }

  #openingFailed(key: string, cause: unknown): void {
    const message = cause instanceof Error ? cause.message : String(cause);
    useWindows.getState().change(key, {
      phase: {
        kind: "failed",
        title: "This app could not be opened",
        message,
        canBuild: [],
        retry: { kind: "open" },
      },
    });
  }

  #openBuilding(key: string, request: string): void {
    useWindows.getState().open({
      key,
      title: request,
      width: BUILDING_WIDTH,
      phase: { kind: "building", request, thought: "" },
    });
  }

  /** A generation that is drawn in the window `key`; it is the caller who sets it going. */
  #generation(key: string, request: string, id: string): Generation {
    const { change } = useWindows.getState();
    const fail = (title: string, message: string, canBuild: string[]) => {
      const retry = { kind: "generate", request } as const;
      change(key, { phase: { kind: "failed", title, message, canBuild, retry } });
      this.#generations.delete(key);
    };
    const generation = new Generation({
      id,
      request,
      engine: this.#engine,
      stream: this.stream,
      nodes: this.nodes(key),
      onTitle: (title) => change(key, { title }),
      onThought: (thought) => change(key, { phase: { kind: "building", request, thought } }),
      onFailed: fail,
      onComplete: (appId) => {
        this.#generations.delete(key);
        void this.#adopt(key, appId);
      },
    });
    this.#generations.set(key, generation);
    return generation;
  }

  /** The window that drew the draft becomes the window of the finished app. */
  async #adopt(key: string, appId: string): Promise<void> {
    const shown = windowOfApp(appId);
    if (shown) {
      this.#forget(key);
      this.focus(shown.key);
      return;
    }
    try {
      const app = await api.app(appId);
      const { change, windows, workspace } = useWindows.getState();
      change(key, { appId, title: app.title, phase: { kind: "opening" } });
      const frame = windows[key]?.frame;
      if (frame?.width === BUILDING_WIDTH) {
        change(key, { frame: rewidened(frame, preferredWidth(app.ui_spec), workspace) });
      }
      await this.#startSession(app);
    } catch (cause) {
      useWindows.getState().change(key, { appId });
      this.#openingFailed(key, cause);
    }
  }

  async #mayClose(window: DesktopWindow): Promise<boolean> {
    if (window.packageId || !(await this.#hasData(window))) return true;
    const answer = await ask({
      title: `Close “${window.title}”?`,
      message: "This app is not saved. Closing it deletes the app, what you entered and the files it wrote.",
      answers: [
        { key: "keep", label: "Keep open" },
        { key: "close", label: "Close and delete", tone: "danger" },
      ],
    });
    return answer === "close";
  }

  /** What was entered a moment ago only the session knows; what is kept, the server. */
  async #hasData(window: DesktopWindow): Promise<boolean> {
    if (this.#sessions.get(window.key)?.hasData) return true;
    if (!window.appId) return false;
    try {
      return (await api.app(window.appId)).has_data;
    } catch {
      return false;
    }
  }

  async #closeApp(appId: string): Promise<string[]> {
    try {
      return await api.closeApp(appId);
    } catch (cause) {
      if (cause instanceof ApiError && cause.status === 404) return [];
      const message = `The window is closed, but the server did not hear of it: ${String(cause)}`;
      useToasts.getState().show({ window: null, tone: "warning", message });
      return [];
    }
  }

  #forget(key: string | undefined): void {
    if (!key) return;
    this.#sessions.get(key)?.close();
    this.#sessions.delete(key);
    this.#generations.delete(key);
    this.#nodes.delete(key);
    this.#drawnHeights.delete(key);
    useWindows.getState().remove(key);
  }

  #receive(message: ServerMessage): void {
    for (const session of [...this.#sessions.values()]) session.receive(message);
    this.chat.receive(message);
    for (const generation of [...this.#generations.values()]) generation.receive(message);
    this.approvals.receive(message);
    if (message.type === "event" && message.topic === "apps") this.#happened(message);
  }

  /** What an app did with itself or the apps it opened shows here as if the person had done it. */
  #happened({ kind, data }: ServerEvent): void {
    const key = windowOfApp(String(data.app_id))?.key;
    if (kind === "spawned" && !key) void this.#showChild(String(data.app_id));
    if (kind === "raised" && key) useWindows.getState().focus(key);
    if (kind === "edited" && key) {
      if (this.#sessions.has(key)) void this.#catchUp(key);
      else this.#editedWhileOpening.add(key);
    }
    if (kind === "suspended" && key) this.#stopped(key);
    if (kind === "lowered" && key) useWindows.getState().sendBack(key);
    if (kind === "closed" && Array.isArray(data.app_ids)) {
      for (const appId of data.app_ids) this.#forget(windowOfApp(String(appId))?.key);
    }
  }

  /** Somebody ended the process of the app; it runs again when the person asks for it. */
  #stopped(key: string): void {
    const { windows, change } = useWindows.getState();
    if (windows[key]?.phase.kind !== "live") return;
    this.#sessions.get(key)?.stop();
    change(key, { phase: { kind: "stopped" }, unsaved: false });
  }

  /** Shows the document the app has now, wherever it was edited. */
  async #catchUp(key: string): Promise<void> {
    const session = this.#sessions.get(key);
    if (!session) return;
    try {
      if (await session.catchUp()) useWindows.getState().change(key, { title: session.app.title });
    } catch (cause) {
      // A line that broke again is told elsewhere, and its return brings the next try.
      if (cause instanceof ApiError) return;
      const message = cause instanceof Error ? cause.message : String(cause);
      showIssues(key, [{ code: "edit_failed", severity: "error", message }]);
    }
  }

  /** Opens the window of an app that an app of this desktop opened. */
  async #showChild(appId: string): Promise<void> {
    const app = await api.app(appId).catch(() => null);
    if (!app?.parent_id || !windowOfApp(app.parent_id) || windowOfApp(appId)) return;
    this.#openWindow(app);
    await this.#startSession(app);
  }

  #lineChanged(online: boolean): void {
    if (online) {
      this.stream.send({ type: "subscribe", topics: ["apps", "kernel"] });
      void this.approvals.load();
    }
    for (const [key, session] of this.#sessions) {
      if (online) {
        session.attach();
        void this.#catchUp(key);
      } else session.disconnected();
    }
    this.chat.lineChanged(online);
    for (const generation of [...this.#generations.values()]) generation.lineChanged(online);
  }

  #tellModes(): void {
    const { windows, order } = useWindows.getState();
    const focused = focusedKey({ windows, order });
    for (const [key, session] of this.#sessions) {
      const window = windows[key];
      if (window?.phase.kind !== "live") continue;
      session.setMode(window.minimised ? "minimised" : key === focused ? "focused" : "open");
    }
  }

  #rememberGeometry(now: Record<string, DesktopWindow>, before: Record<string, DesktopWindow>): void {
    for (const window of Object.values(now)) {
      const previous = before[window.key];
      if (!window.appId || !previous || !geometryChanged(window, previous)) continue;
      this.#measure(window.key);
      clearTimeout(this.#moved.get(window.key));
      this.#moved.set(
        window.key,
        setTimeout(() => this.#sendGeometry(window.key), GEOMETRY_QUIET_MS),
      );
    }
  }

  /** Remembers how high a window is drawn, which nobody can tell once it is minimised. */
  #measure(key: string): void {
    const drawn = document.querySelector<HTMLElement>(`[data-window-key="${CSS.escape(key)}"]`);
    if (drawn && drawn.offsetHeight > 0) this.#drawnHeights.set(key, drawn.offsetHeight);
  }

  #sendGeometry(key: string): void {
    const window = useWindows.getState().windows[key];
    if (!window?.appId) return;
    const { x, y, width, height } = window.frame;
    this.#measure(key);
    const size = { width, height: height ?? this.#drawnHeights.get(key) ?? SMALLEST.height };
    const state = window.minimised ? "minimised" : window.maximised ? "maximised" : "open";
    void api.moveWindow(window.appId, { position: { x, y }, size, state }).catch(() => undefined);
  }

  #flushAll(): void {
    for (const session of this.#sessions.values()) session.flush();
  }

  #farewell(): void {
    for (const session of this.#sessions.values()) session.farewell();
  }
}

function geometryChanged(a: DesktopWindow, b: DesktopWindow): boolean {
  const moved = a.frame.x !== b.frame.x || a.frame.y !== b.frame.y;
  const resized = a.frame.width !== b.frame.width || a.frame.height !== b.frame.height;
  return moved || resized || a.minimised !== b.minimised || a.maximised !== b.maximised;
}

/** What went wrong inside an app is told in its own window. */
function showIssues(key: string, issues: Issue[]): void {
  for (const { severity, message, hint } of issues) {
    if (severity === "note") continue;
    useToasts.getState().show({
      window: key,
      tone: severity === "error" ? "danger" : "warning",
      message: hint ? `${message}. ${hint}` : message,
    });
  }
}

/** A question on a window that is not drawn would be seen by nobody. */
function tellWhenMinimised(appId: string, title: string): void {
  if (!windowOfApp(appId)?.minimised) return;
  const message = `“${title}” asks for a permission. Open its window to answer.`;
  useToasts.getState().show({ window: null, tone: "warning", message });
}
