import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AppHost, type AppHostOptions } from "./appHost";
import { Engine } from "./engine";
import type { Effect, EffectResult, Issue, Turn, UiNode } from "./protocol";
import type { Shell } from "./shell";

const EMPTY: Turn = { nodes: [], removed: [], state_patch: [], effects: [], issues: [] };

interface Request {
  op: string;
  [key: string]: unknown;
}

/** An engine that answers each op as told, and remembers what it was asked. */
function scripted(answers: Record<string, unknown>) {
  const requests: Request[] = [];
  const engine = new Engine((json) => {
    const request = JSON.parse(json) as Request;
    requests.push(request);
    const opened = { root: [], nodes: [], state: {}, ...EMPTY };
    return JSON.stringify(answers[request.op] ?? (request.op === "open" ? opened : EMPTY));
  });
  return { engine, requests, of: (op: string) => requests.filter((request) => request.op === op) };
}

function silentShell(): Shell {
  return {
    alert: async () => undefined,
    confirm: async () => true,
    log: () => undefined,
    copy: async () => undefined,
    paste: async () => "pasted",
    notify: () => undefined,
    focus: async () => true,
    command: async () => false,
  };
}

function open(script: ReturnType<typeof scripted>, options: Partial<AppHostOptions> = {}) {
  const issues: Issue[] = [];
  const host = new AppHost({
    app: "a",
    engine: script.engine,
    shell: silentShell(),
    callService: async () => ({ ok: null }),
    onChange: () => undefined,
    onIssues: (told) => issues.push(...told),
    ...options,
  });
  host.open({}, {});
  return { host, issues };
}

function effect(tool: string, runs: Effect["runs"], args: Effect["args"] = {}): Effect {
  return { id: 7, tool, runs, args, deadline_ms: 1000 };
}

function button(id: string, text: string): UiNode {
  return { id, type: "button", props: { text }, children: [], events: ["click"] };
}

const click = { component: "b", kind: "click" } as const;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("effects", () => {
  it("answers a confirmation with what the person said", async () => {
    const script = scripted({
      dispatch: { ...EMPTY, effects: [effect("system.confirm", "shell", { message: "Sure?" })] },
    });
    const { host } = open(script, { shell: { ...silentShell(), confirm: async () => false } });
    host.dispatch(click);
    await vi.runAllTimersAsync();
    expect(script.of("resolve")).toMatchObject([{ effect: 7, ok: false }]);
  });

  it("resolves a service effect with the server's answer, once", async () => {
    const script = scripted({
      dispatch: { ...EMPTY, effects: [effect("storage.get", "service", { key: "k" })] },
    });
    const { host } = open(script, { callService: async () => ({ ok: { n: 1 } }) });
    host.dispatch(click);
    await vi.runAllTimersAsync();
    expect(script.of("resolve")).toMatchObject([{ effect: 7, ok: { n: 1 } }]);
  });

  it("tells the app when the clipboard refuses", async () => {
    const script = scripted({
      dispatch: { ...EMPTY, effects: [effect("clipboard.copy", "shell", { text: "x" })] },
    });
    const copy = () => Promise.reject(new Error("not allowed"));
    const { host } = open(script, { shell: { ...silentShell(), copy } });
    host.dispatch(click);
    await vi.runAllTimersAsync();
    expect(script.of("resolve")).toMatchObject([{ error: { code: "unavailable", message: "not allowed" } }]);
  });

  it("fails a shell tool it does not know", async () => {
    const script = scripted({ dispatch: { ...EMPTY, effects: [effect("telescope.look", "shell")] } });
    const { host } = open(script);
    host.dispatch(click);
    await vi.runAllTimersAsync();
    expect(script.of("resolve")).toMatchObject([{ error: { code: "unavailable" } }]);
  });

  it("does not resolve what comes back after the app was closed", async () => {
    const script = scripted({ dispatch: { ...EMPTY, effects: [effect("storage.get", "service")] } });
    let answer: (result: EffectResult) => void = () => undefined;
    const { host } = open(script, { callService: () => new Promise((resolve) => (answer = resolve)) });
    host.dispatch(click);
    host.close();
    answer({ ok: 1 });
    await vi.runAllTimersAsync();
    expect(script.of("resolve")).toEqual([]);
    expect(script.of("close")).toHaveLength(1);
  });
});

describe("time", () => {
  it("ticks when the engine asked to be woken, and keeps one timeout", async () => {
    const script = scripted({});
    const { host } = open(script, { now: () => Date.now() });
    const answers = [Date.now() + 5000, Date.now() + 1000];
    for (const wake_at of answers) {
      vi.spyOn(script.engine, "call").mockReturnValueOnce({ ...EMPTY, wake_at });
      host.dispatch(click);
    }
    await vi.advanceTimersByTimeAsync(999);
    expect(script.of("tick")).toEqual([]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(script.of("tick")).toHaveLength(1);
  });

  it("ticks at once when the page is shown again", () => {
    const script = scripted({});
    open(script);
    document.dispatchEvent(new Event("visibilitychange"));
    expect(script.of("tick")).toHaveLength(1);
  });

  it("sends only the last of a slider's events of one frame", async () => {
    const script = scripted({});
    const { host } = open(script);
    for (const value of [1, 2, 3])
      host.dispatchOnFrame({ component: "s", kind: "change", payload: { value } });
    await vi.advanceTimersByTimeAsync(20);
    expect(script.of("dispatch")).toMatchObject([{ event: { payload: { value: 3 } } }]);
  });

  it("sends a waiting slider event before the click that follows it", () => {
    const script = scripted({});
    const { host } = open(script);
    host.dispatchOnFrame({ component: "s", kind: "change", payload: { value: 7 } });
    host.dispatch(click);
    expect(script.of("dispatch").map((request) => request.event)).toMatchObject([
      { component: "s" },
      { component: "b" },
    ]);
  });
});

describe("nodes", () => {
  it("wakes the reader of the one node that changed", () => {
    const script = scripted({ dispatch: { ...EMPTY, nodes: [button("b", "2")] } });
    const { host } = open(script);
    host.nodes.reset({ root: ["a", "b"], nodes: [button("a", "0"), button("b", "1")] });
    const woken: string[] = [];
    for (const id of ["a", "b"]) host.nodes.subscribe(id, () => woken.push(id));
    host.dispatch(click);
    expect(woken).toEqual(["b"]);
    expect(host.nodes.get("b")).toMatchObject({ props: { text: "2" } });
  });

  it("does not wake readers for a view that came out equal", () => {
    const { host } = open(scripted({}));
    host.nodes.reset({ root: ["b"], nodes: [button("b", "1")] });
    let woken = 0;
    host.nodes.subscribe("b", () => (woken += 1));
    host.nodes.reset({ root: ["b"], nodes: [button("b", "1")] });
    expect(woken).toBe(0);
  });
});

describe("what goes wrong", () => {
  it("tells the issues of a turn", () => {
    const issue = { code: "tool_failed", severity: "error", message: "no such item" } as const;
    const { host, issues } = open(scripted({ dispatch: { ...EMPTY, issues: [issue] } }));
    host.dispatch(click);
    expect(issues).toEqual([issue]);
  });

  it("tells when the engine refuses an event, and goes on", () => {
    const script = scripted({ dispatch: { error: "there is no node b", code: "node_not_found" } });
    const { host, issues } = open(script);
    host.dispatch(click);
    host.dispatch(click);
    expect(issues.map(({ code }) => code)).toEqual(["node_not_found", "node_not_found"]);
  });

  it("dispatches nothing once another engine has the app", () => {
    const script = scripted({});
    const { host } = open(script);
    host.freeze();
    host.dispatch(click);
    expect(script.of("dispatch")).toEqual([]);
    expect(script.of("window")).toMatchObject([{ state: "frozen" }]);
  });
});
