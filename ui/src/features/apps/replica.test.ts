import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { AppState, PatchOp } from "@/engine/protocol";
import { ApiError } from "@/shared/api/client";
import type { ClientMessage } from "@/shared/api/stream";
import { Replica } from "./replica";

type Batch = Extract<ClientMessage, { type: "app_state" }>;

/** A replica over a line that can be cut, and a server that takes whole states. */
function replica(putState: (state: AppState) => Promise<{ rev: number }> = async () => ({ rev: 100 })) {
  const batches: Batch[] = [];
  const whole: AppState[] = [];
  const events: string[] = [];
  const line = { online: true };
  const subject = new Replica({
    app: "a",
    engine: "e",
    rev: 5,
    stream: {
      get online() {
        return line.online;
      },
      send: (message) => {
        if (!line.online) return false;
        if (message.type === "app_state") batches.push(message);
        return true;
      },
    },
    putState: (state) => {
      whole.push(state);
      return putState(state);
    },
    state: () => ({ whole: true }),
    onUnsaved: (unsaved) => events.push(unsaved ? "unsaved" : "saved"),
    onReplaced: () => events.push("replaced"),
    onRefused: (message) => events.push(`refused: ${message}`),
  });
  return { subject, batches, whole, events, line };
}

function set(path: string, value: string | number): PatchOp[] {
  return [{ op: "replace", path, value }];
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("batches", () => {
  it("gathers changes for 250 ms after the first one", () => {
    const { subject, batches } = replica();
    subject.record(set("/n", 1), false);
    vi.advanceTimersByTime(200);
    subject.record(set("/n", 2), false);
    expect(batches).toEqual([]);
    vi.advanceTimersByTime(50);
    expect(batches).toMatchObject([{ base_rev: 5, engine: "e", ops: [{ value: 1 }, { value: 2 }] }]);
  });

  it("sends a change of a kept path at once", () => {
    const { subject, batches } = replica();
    subject.record(set("/todos", 1), true);
    expect(batches).toHaveLength(1);
  });

  it("has one batch on its way, and sends the rest after it", () => {
    const { subject, batches } = replica();
    subject.record(set("/n", 1), true);
    subject.record(set("/n", 2), true);
    subject.record(set("/n", 3), true);
    expect(batches).toHaveLength(1);
    subject.acknowledged(6);
    expect(batches[1]).toMatchObject({ base_rev: 6, ops: [{ value: 2 }, { value: 3 }] });
  });

  it("is unsaved until the last change is acknowledged", () => {
    const { subject, events } = replica();
    subject.record(set("/n", 1), true);
    subject.record(set("/n", 2), true);
    subject.acknowledged(6);
    expect(events).toEqual(["unsaved"]);
    subject.acknowledged(7);
    expect(events).toEqual(["unsaved", "saved"]);
  });

  it("sends what is too large for the line as a whole state", async () => {
    const { subject, batches, whole, events } = replica();
    subject.record(set("/text", "x".repeat(300_000)), true);
    await vi.runAllTimersAsync();
    expect(batches).toEqual([]);
    expect(whole).toEqual([{ whole: true }]);
    expect(events).toEqual(["unsaved", "saved"]);
  });
});

describe("a line that breaks", () => {
  it("keeps changes while offline and sends them when it is back", () => {
    const { subject, batches, line, events } = replica();
    line.online = false;
    subject.record(set("/n", 1), true);
    subject.record(set("/n", 2), true);
    expect(events).toEqual(["unsaved"]);
    line.online = true;
    subject.reconnected();
    expect(batches).toMatchObject([{ base_rev: 5, ops: [{ value: 1 }, { value: 2 }] }]);
  });

  it("sends the whole state when a batch was on its way", async () => {
    const { subject, batches, whole } = replica();
    subject.record(set("/n", 1), true);
    subject.disconnected();
    subject.reconnected();
    await vi.runAllTimersAsync();
    expect(whole).toHaveLength(1);
    subject.record(set("/n", 2), true);
    expect(batches[1]).toMatchObject({ base_rev: 100 });
  });

  it("tries a whole state again while the server is unreachable", async () => {
    let tries = 0;
    const { subject, events } = replica(async () => {
      tries += 1;
      if (tries < 3) throw new ApiError("unreachable", "no answer", 0);
      return { rev: 9 };
    });
    subject.record(set("/n", 1), true);
    subject.conflict("stale_rev");
    await vi.runAllTimersAsync();
    expect(tries).toBe(3);
    expect(events).toEqual(["unsaved", "saved"]);
  });
});

describe("conflicts", () => {
  it("answers a stale revision with the whole state", async () => {
    const { subject, whole, events } = replica();
    subject.record(set("/n", 1), true);
    subject.conflict("stale_rev");
    await vi.runAllTimersAsync();
    expect(whole).toHaveLength(1);
    expect(events).toEqual(["unsaved", "saved"]);
  });

  it("tells when another engine has the lease", () => {
    const { subject, events } = replica();
    subject.record(set("/n", 1), true);
    subject.conflict("engine_replaced");
    expect(events).toEqual(["unsaved", "replaced"]);
  });

  it("tells a refusal once and does not ask again by itself", async () => {
    const { subject, whole, events } = replica(async () => {
      throw new ApiError("state_too_large", "the state is over 1 MiB", 422);
    });
    subject.record(set("/n", 1), true);
    subject.refused("the state is over 1 MiB");
    await vi.runAllTimersAsync();
    expect(whole).toEqual([]);
    expect(events).toEqual(["unsaved", "refused: the state is over 1 MiB"]);
  });

  it("goes on under a new lease with the whole state when a batch was lost", async () => {
    const { subject, whole, batches } = replica();
    subject.record(set("/n", 1), true);
    subject.disconnected();
    subject.renew("e2", 5);
    await vi.runAllTimersAsync();
    expect(whole).toHaveLength(1);
    subject.record(set("/n", 2), true);
    expect(batches.at(-1)).toMatchObject({ engine: "e2", base_rev: 100 });
  });
});

describe("leaving", () => {
  it("hands over unsent changes when the page goes away", () => {
    const { subject, batches } = replica();
    subject.record(set("/n", 1), false);
    subject.farewell();
    expect(batches).toHaveLength(1);
  });

  it("hands over the whole state when a batch is still on its way", () => {
    const { subject, whole } = replica();
    subject.record(set("/n", 1), true);
    subject.record(set("/n", 2), false);
    subject.farewell();
    expect(whole).toHaveLength(1);
  });
});

describe("a document that was edited", () => {
  it("has the whole state sent in place of what was noted before", async () => {
    const { subject, batches, whole, events } = replica();
    subject.record(set("/n", 1), false);
    subject.overtaken();
    expect(whole).toEqual([{ whole: true }]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(batches).toEqual([]);
    expect(events).toEqual(["unsaved", "saved"]);
    subject.record(set("/n", 2), true);
    expect(batches.map((batch) => batch.base_rev)).toEqual([100]);
  });

  it("waits for a batch on its way, which the server refuses", async () => {
    const { subject, whole, events } = replica();
    subject.record(set("/n", 1), true);
    subject.overtaken();
    expect(whole).toEqual([]);
    subject.conflict("stale_rev");
    await vi.advanceTimersByTimeAsync(0);
    expect(whole).toEqual([{ whole: true }]);
    expect(events).toEqual(["unsaved", "saved"]);
  });
});
