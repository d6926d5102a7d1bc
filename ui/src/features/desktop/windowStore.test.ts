import { beforeEach, describe, expect, it } from "vitest";
import { SMALLEST } from "./geometry";
import { focusedKey, useWindows } from "./windowStore";

const store = () => useWindows.getState();
const focused = () => focusedKey(store());

function open(key: string, width = 400): void {
  store().open({ key, title: key, width, phase: { kind: "live" } });
}

function frameOf(key: string) {
  const frame = store().windows[key]?.frame;
  if (!frame) throw new Error(`no window ${key}`);
  return frame;
}

beforeEach(() => {
  useWindows.setState({ windows: {}, order: [], workspace: { width: 1400, height: 800 } });
});

describe("order", () => {
  it("puts a new window in front", () => {
    open("a");
    open("b");
    expect(focused()).toBe("b");
  });

  it("brings a focused window to the front and out of the dock", () => {
    open("a");
    open("b");
    store().minimise("a");
    store().focus("a");
    expect(focused()).toBe("a");
    expect(store().windows.a?.minimised).toBe(false);
  });

  it("focuses the next window below when one is minimised or closed", () => {
    open("a");
    open("b");
    open("c");
    store().minimise("c");
    expect(focused()).toBe("b");
    store().remove("b");
    expect(focused()).toBe("a");
    store().minimise("a");
    expect(focused()).toBeNull();
  });
});

describe("place", () => {
  it("puts windows beside each other while there is room", () => {
    open("a");
    open("b");
    open("c");
    const spans = ["a", "b", "c"].map(frameOf).sort((one, other) => one.x - other.x);
    for (const [index, span] of spans.slice(1).entries()) {
      const before = spans[index];
      expect(span.x).toBeGreaterThanOrEqual((before?.x ?? 0) + (before?.width ?? 0));
    }
  });

  it("leaves the title bar of a covered window in sight", () => {
    open("a", 1300);
    open("b", 1300);
    expect(frameOf("b").y).toBeGreaterThanOrEqual(frameOf("a").y + 48);
  });

  it("keeps a dragged title bar within reach", () => {
    open("a");
    store().move("a", { x: 5000, y: 5000 });
    expect(frameOf("a").x).toBeLessThan(1400 - 50);
    expect(frameOf("a").y).toBeLessThan(800);
    store().move("a", { x: -5000, y: -5000 });
    expect(frameOf("a").x + frameOf("a").width).toBeGreaterThan(50);
    expect(frameOf("a").y).toBe(0);
  });

  it("does not get smaller than it can be used", () => {
    open("a");
    store().move("a", { width: 10, height: 10 });
    expect(frameOf("a")).toMatchObject(SMALLEST);
  });

  it("comes back into a workspace that got smaller", () => {
    open("a");
    store().move("a", { x: 1200 });
    store().setWorkspace({ width: 600, height: 500 });
    expect(frameOf("a").x).toBeLessThan(600);
  });
});
