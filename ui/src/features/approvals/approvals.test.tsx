import { act, cleanup, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Json } from "@/engine/protocol";
import type { ServerMessage } from "@/shared/api/stream";
import type { Approval } from "@/shared/api/types";
import { DeskContext } from "../apps/DeskContext";
import type { Desk } from "../apps/desk";
import { ApprovalCards } from "./ApprovalCards";
import { Approvals, useApprovals, wish } from "./approvals";

const NOW = Date.parse("2026-01-01T12:00:00Z");

function approval(id: string, app_id = "weather", seconds = 60): Approval {
  const expires_at = new Date(NOW + seconds * 1000).toISOString();
  return { id, app_id, title: "Weather", need: { net: { host: "api.example.com", port: 443 } }, expires_at };
}

function asked(data: Approval, timestamp = new Date(NOW).toISOString()): ServerMessage {
  return { type: "event", topic: "kernel", kind: "approval_requested", data: { ...data }, timestamp };
}

/** Approvals over a server that keeps what it is answered. */
function approvals(open: Approval[] = []) {
  const answers: string[] = [];
  const told: string[] = [];
  const server = { open, refuses: false };
  const subject = new Approvals({
    load: async () => server.open,
    answer: async (id, answer) => {
      if (server.refuses) throw new Error("gone");
      answers.push(`${id} ${answer}`);
    },
    onAsked: ({ id }) => told.push(`asked ${id}`),
    onFailed: (message) => told.push(message),
  });
  return { subject, answers, told, server };
}

const ids = () => useApprovals.getState().pending.map(({ id }) => id);

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
  useApprovals.setState({ pending: [] });
});

afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

describe("open questions", () => {
  it("are those the server asks, each once", () => {
    const { subject, told } = approvals();
    subject.receive(asked(approval("1")));
    subject.receive(asked(approval("1")));
    subject.receive(asked(approval("2", "news")));
    expect(ids()).toEqual(["1", "2"]);
    expect(told).toEqual(["asked 1", "asked 2"]);
  });

  it("are gone when answered here or anywhere else", async () => {
    const { subject, answers } = approvals();
    for (const id of ["1", "2"]) subject.receive(asked(approval(id)));
    await subject.answer("1", "session");
    expect(answers).toEqual(["1 session"]);
    subject.receive({ type: "event", topic: "kernel", kind: "approval_answered", data: { id: "2" } });
    expect(ids()).toEqual([]);
  });

  it("are gone when their time is over, also by a clock that differs from the server's", () => {
    const { subject } = approvals();
    const hourAhead = NOW + 3_600_000;
    const skewed = { ...approval("2"), expires_at: new Date(hourAhead + 90_000).toISOString() };
    subject.receive(asked(approval("1")));
    subject.receive(asked(skewed, new Date(hourAhead).toISOString()));
    vi.advanceTimersByTime(60_000);
    expect(ids()).toEqual(["2"]);
    vi.advanceTimersByTime(30_000);
    expect(ids()).toEqual([]);
  });

  it("outlive a list that was made before they were asked", async () => {
    const { subject, server } = approvals();
    const loaded = subject.load();
    server.open = [approval("1")];
    subject.receive(asked(approval("1")));
    await loaded;
    expect(ids()).toEqual(["1"]);
  });

  it("do not come back with a list that was made before they were answered", async () => {
    const { subject, server } = approvals([approval("1")]);
    const loaded = subject.load();
    server.open = [];
    subject.receive({ type: "event", topic: "kernel", kind: "approval_answered", data: { id: "1" } });
    await loaded;
    expect(ids()).toEqual([]);
  });

  it("stay when an answer does not arrive, as long as the server has them", async () => {
    const { subject, told, server } = approvals([approval("1")]);
    await subject.load();
    server.refuses = true;
    await subject.answer("1", "once");
    expect(useApprovals.getState().pending[0]).toMatchObject({ id: "1", answering: false });
    expect(told).toEqual(["The answer did not arrive: gone"]);
    server.open = [];
    subject.receive({ type: "lagged", topic: "kernel", missed: 3 });
    await vi.waitFor(() => expect(ids()).toEqual([]));
  });
});

describe("the card", () => {
  it("asks on the window of its app, counts down, and sends the answer", async () => {
    const { subject, answers } = approvals();
    subject.receive(asked(approval("1")));
    const desk = { approvals: subject } as unknown as Desk;
    const cards = (appId: string) => (
      <DeskContext value={desk}>
        <ApprovalCards appId={appId} />
      </DeskContext>
    );
    const { rerender } = render(cards("news"));
    expect(screen.queryByRole("alert")).toBeNull();
    rerender(cards("weather"));
    expect(screen.getByRole("alert").textContent).toBe("Weather wants to contact api.example.com:443");
    expect(screen.getByText(/refused in 60 s/)).toBeTruthy();
    act(() => vi.advanceTimersByTime(2_000));
    expect(screen.getByText(/refused in 58 s/)).toBeTruthy();
    const names = screen.getAllByRole("button").map((button) => button.textContent);
    expect(names).toEqual(["Once", "This session", "Always", "Never"]);
    await act(async () => screen.getByRole("button", { name: "Never" }).click());
    expect(answers).toEqual(["1 never"]);
    expect(screen.queryByRole("alert")).toBeNull();
  });
});

describe("a wish in words", () => {
  it.each<[Json, string]>([
    ["network", "use network"],
    [{ kind: "net", host: "a.example" }, "contact a.example"],
    [{ kind: "llm" }, "ask the model, which then reads what it sends"],
    [{ net: { scheme: "http", host: "127.0.0.1", port: 8080 } }, "contact 127.0.0.1:8080"],
    [{ kind: "ipc", topic: "timer.done", rights: "send" }, "tell other apps about “timer.done”"],
    [{ kind: "ipc", topic: "timer.done", rights: "receive" }, "hear what other apps tell about “timer.done”"],
    [
      { kind: "ipc", topic: "timer.done", rights: "both" },
      "tell other apps about “timer.done” and hear what they tell",
    ],
    [{ kind: "ipc", peer: "0190b2a4", rights: "send", title: "Todo" }, "send messages to the app “Todo”"],
    [{ kind: "ipc", peer: "0190b2a4", rights: "send" }, "send messages to another app"],
    [
      { kind: "fs", path: "shared:notes/a.txt", rights: "read" },
      "read “notes/a.txt” in the folder all apps share",
    ],
    [
      { kind: "fs", path: "shared:", rights: "read_write" },
      "read and change everything in the folder all apps share",
    ],
    [{ kind: "fs", path: "home:a", owner: "x", rights: "read" }, "read “a” in its own folder"],
    [{ fs: { path: "shared:notes" } }, "read and change “notes” in the folder all apps share"],
    [{ kind: "program", program: "tar" }, "run the program “tar” on this computer"],
    [{ program: "tar" }, "run the program “tar” on this computer"],
    [{ kind: "other" }, 'have: {"kind":"other"}'],
  ])("%j", (need, expected) => {
    expect(wish(need)).toBe(expected);
  });
});
