import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type ClientMessage, type Socket, Stream } from "./stream";

/** A line whose other end is this test. */
class Line implements Socket {
  readyState = 0;
  sent: ClientMessage[] = [];
  onopen: (() => void) | null = null;
  onclose: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;

  send(text: string): void {
    this.sent.push(JSON.parse(text) as ClientMessage);
  }

  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  close(): void {
    this.readyState = 3;
    this.onclose?.();
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
