import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type ClientMessage, type Socket, Stream } from "./stream";
import { keepToken, useAccess } from "./token";

/** A line whose other end is this test. */
class Line implements Socket {
  readyState = 0;
  sent: ClientMessage[] = [];
  onopen: (() => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;

  send(text: string): void {
    this.sent.push(JSON.parse(text) as ClientMessage);
  }

  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  close(code = 1006): void {
    this.readyState = 3;
    this.onclose?.({ code });
  }

  says(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

describe("what the server has heard", () => {
  let line: Line;
  let stream: Stream;
  const heard = async () => {
    const answer = vi.fn();
    void stream.heard().then(answer);
    await vi.advanceTimersByTimeAsync(0);
    return answer;
  };

  beforeEach(() => {
    vi.useFakeTimers();
    line = new Line();
    stream = new Stream(() => line);
    stream.onOnline((online) => online && stream.send({ type: "subscribe", topics: ["kernel"] }));
    stream.start();
  });
  afterEach(() => vi.useRealTimers());

  it("is everything sent on opening once a pong has come", async () => {
    const before = await heard();
    expect(before).not.toHaveBeenCalled();
    line.open();
    expect(line.sent.map(({ type }) => type)).toEqual(["subscribe", "ping"]);
    line.says({ type: "pong" });
    await vi.advanceTimersByTimeAsync(0);
    expect(before).toHaveBeenCalled();
    expect(await heard()).toHaveBeenCalled();
    expect(line.sent).toHaveLength(2);
  });

  it("is asked anew after the line was lost", async () => {
    line.open();
    await heard();
    line.says({ type: "pong" });
    line.close();
    expect(await heard()).not.toHaveBeenCalled();
  });

  it("keeps nobody waiting for long", async () => {
    const answer = await heard();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(answer).toHaveBeenCalled();
  });
});

describe("a server that asks for its token", () => {
  const TOKEN = "0123456789abcdef0123456789abcdef";
  let lines: Line[];
  let stream: Stream;

  beforeEach(() => {
    vi.useFakeTimers();
    useAccess.setState({ refused: false });
    lines = [];
    stream = new Stream(() => {
      const line = new Line();
      lines.push(line);
      return line;
    });
    stream.onOnline((online) => online && stream.send({ type: "ping" }));
    stream.start();
  });
  afterEach(() => {
    vi.useRealTimers();
    sessionStorage.clear();
  });

  it("is shown it before anything else, on each line", async () => {
    keepToken(TOKEN);
    lines[0]?.open();
    lines[0]?.close();
    await vi.runOnlyPendingTimersAsync();
    lines[1]?.open();
    for (const line of lines) expect(line.sent).toEqual([{ type: "auth", token: TOKEN }, { type: "ping" }]);
    expect(useAccess.getState().refused).toBe(false);
  });

  it("is not asked again once it let nobody in", async () => {
    lines[0]?.open();
    expect(lines[0]?.sent).toEqual([{ type: "ping" }]);
    lines[0]?.close(4401);
    await vi.runAllTimersAsync();
    expect(lines).toHaveLength(1);
    expect(useAccess.getState().refused).toBe(true);
  });
});
