import { act, cleanup, render, screen, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { api } from "@/shared/api/client";
import { type ServerMessage, Stream } from "@/shared/api/stream";
import type { KernelEvent, KernelProcess, KernelStats } from "@/shared/api/types";
import { useQuestions } from "@/shared/questions";
import { DeskContext } from "../apps/DeskContext";
import type { Desk } from "../apps/desk";
import { eventOf, joined, MOST_EVENTS } from "./activity";
import { MonitorDialog } from "./MonitorDialog";
import { size } from "./size";

function event(seq: number, text = "was suspended", kind = "process_suspended"): KernelEvent {
  return { seq, kind, time: "2026-01-01T12:00:00Z", data: { pid: 2, text } };
}

function told(seq: number, text: string, kind: string): ServerMessage {
  return { type: "event", topic: "kernel", seq, kind, data: { pid: 2, text } };
}

describe("the activity", () => {
  it("holds each event once, in order, and no more than it shows", () => {
    expect(joined([event(1), event(3)], [event(2), event(3)]).map(({ seq }) => seq)).toEqual([1, 2, 3]);
    const many = Array.from({ length: MOST_EVENTS + 5 }, (_, index) => event(index + 1));
    const kept = joined(many, [event(MOST_EVENTS + 6)]);
    expect([kept.length, kept[0]?.seq]).toEqual([MOST_EVENTS, 7]);
  });

  it("takes what the kernel tells, and nothing else", () => {
    expect(eventOf(told(4, "ended", "process_ended"))).toMatchObject({ seq: 4, data: { text: "ended" } });
    expect(eventOf({ type: "pong" })).toBeNull();
    expect(eventOf({ type: "event", topic: "apps", seq: 1, kind: "spawned", data: {} })).toBeNull();
  });
});

describe("a size", () => {
  it.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1 KiB"],
    [1_572_864, "1.5 MiB"],
    [2 ** 40, "1024 GiB"],
  ])("of %i bytes is %s", (bytes, expected) => expect(size(bytes)).toBe(expected));
});

describe("the monitor", () => {
  const listeners = new Set<(message: ServerMessage) => void>();
  const usage = { memory_bytes: 0, calls: 3 };
  const limits = { memory_bytes: 64 * 1024 * 1024 };
  const started_at = "2026-01-01T12:00:00Z";
  const running = { state: "running", started_at, usage, limits } as const;
  const system: KernelProcess = { ...running, pid: 1, name: "system", parent: null };
  const notes: KernelProcess = { ...system, pid: 2, name: "notes", parent: 1, title: "Notes", app_id: "n" };
  const stats: KernelStats = {
    processes: 2,
    suspended: 0,
    memory_bytes: 0,
    memory_budget_bytes: 512 * 1024 * 1024,
    memory_level: "warning",
    calls_in_flight: 0,
    calls: { ok: 5, not_found: 1 },
    denials: 0,
  };

  beforeEach(() => {
    vi.spyOn(api, "processes").mockImplementation(async () => [system, notes]);
    vi.spyOn(api, "kernelStats").mockResolvedValue(stats);
    vi.spyOn(api, "kernelEvents").mockResolvedValue([event(1)]);
    vi.spyOn(Stream.prototype, "onMessage").mockImplementation((listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    });
  });
  afterEach(() => {
    cleanup();
    vi.restoreAllMocks();
    listeners.clear();
  });

  const open = () =>
    act(async () => {
      const stream = new Stream(() => {
        throw new Error("no line is needed");
      });
      render(
        <DeskContext value={{ stream } as Desk}>
          <MonitorDialog />
        </DeskContext>,
      );
    });

  it("leaves the system alone and offers a hand on everything else", async () => {
    await open();
    const [, own, app] = screen.getAllByRole("row");
    expect(within(own as HTMLElement).queryAllByRole("button")).toEqual([]);
    const names = within(app as HTMLElement)
      .getAllByRole("button")
      .map((button) => button.getAttribute("aria-label"));
    expect(names).toEqual(["What Notes may do", "Suspend Notes", "Kill Notes"]);
    expect(screen.getByText("Calls", { selector: "dt" }).nextSibling?.textContent).toContain("6");
    expect(screen.getByText("Memory", { selector: "dt" }).nextSibling?.textContent).toBe(
      "0 Bof 512 MiB, short",
    );
  });

  it("looks again when something happens, and stops listening when it is closed", async () => {
    await open();
    const looks = vi.mocked(api.processes).mock.calls.length;
    const suspended: KernelProcess = { ...notes, state: "suspended" };
    vi.mocked(api.processes).mockResolvedValue([system, suspended]);
    await act(async () => {
      for (const listener of listeners) listener(told(2, "was suspended", "process_suspended"));
    });
    expect(vi.mocked(api.processes).mock.calls.length).toBe(looks + 1);
    expect(screen.getByText("Suspended")).toBeTruthy();
    cleanup();
    expect(listeners.size).toBe(0);
  });

  it("kills no other process that got the number after a restart", async () => {
    const kill = vi.spyOn(api, "killProcess").mockResolvedValue({});
    const answer = async () => {
      await act(async () => screen.getByRole("button", { name: "Kill Notes" }).click());
      const [question] = useQuestions.getState().queue;
      return () => act(async () => useQuestions.getState().answer(question?.id ?? 0, "kill"));
    };
    await open();
    const late = await answer();
    const other: KernelProcess = { ...notes, title: "Bank", started_at: "2026-01-01T12:30:00Z" };
    vi.mocked(api.processes).mockResolvedValue([system, other]);
    await late();
    expect(kill).not.toHaveBeenCalled();
    expect(screen.getByText("Bank")).toBeTruthy();

    cleanup();
    vi.mocked(api.processes).mockResolvedValue([system, notes]);
    await open();
    await (await answer())();
    expect(kill).toHaveBeenCalledExactlyOnceWith(2);
  });

  it("takes back what it said of grants once they are read again", async () => {
    const grants = vi.spyOn(api, "grants").mockRejectedValue(new Error("the server cannot be reached"));
    await open();
    await act(async () => screen.getByRole("button", { name: "What Notes may do" }).click());
    expect(screen.getByRole("alert").textContent).toBe("the server cannot be reached");
    grants.mockResolvedValue([{ id: 4, rule: "allow", text: "use this storage", parent: null }]);
    await act(async () => {
      for (const listener of listeners) listener(told(2, "was resumed", "process_resumed"));
    });
    expect(screen.queryByRole("alert")).toBeNull();

    vi.spyOn(api, "revokeGrant").mockRejectedValue(new Error("there is no grant 4"));
    await act(async () => screen.getByRole("button", { name: "Revoke: use this storage" }).click());
    expect(screen.getByRole("alert").textContent).toBe("there is no grant 4");
  });

  it("says when what it shows may be old", async () => {
    vi.mocked(api.kernelStats).mockRejectedValue(new Error("the server cannot be reached"));
    await open();
    expect(screen.getByRole("alert").textContent).toBe(
      "What is shown may be old: the server cannot be reached",
    );
  });
});
