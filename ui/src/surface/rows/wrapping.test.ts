import { describe, expect, it } from "vitest";
import { type RowList, RowWindow } from "./rowWindow";
import { type Run, WrappedLines } from "./wrappedLines";

const LINE_PX = 40;

/** Lines as they are drawn one after another, each of that many rows. */
function run(first: number, ...rows: number[]): Run {
  const lines = rows.map((_, line) => ({
    first: first + rows.slice(0, line).reduce((sum, count) => sum + count, 0),
    height: LINE_PX,
  }));
  return { lines, last: first + rows.reduce((sum, count) => sum + count, 0) - 1 };
}

function firsts(lines: WrappedLines): number[] {
  return Array.from({ length: lines.count }, (_, line) => lines.firstOf(line));
}

describe("lines that wrap", () => {
  it("hold as many rows as those that were drawn, where none was seen", () => {
    const lines = new WrappedLines();
    lines.setPlaces(20);
    lines.drawn([run(0, 3, 5, 4, 2)]);
    expect(lines.perLine).toBe(4);
    expect(firsts(lines)).toEqual([0, 3, 8, 12, 14, 18]);
    expect(lines.total).toBe(6 * LINE_PX);
    expect([0, 2, 3, 13, 19].map((place) => lines.lineOf(place))).toEqual([0, 0, 1, 3, 5]);
  });

  it("are what is drawn of them, wherever that begins", () => {
    const lines = new WrappedLines();
    lines.setPlaces(40);
    lines.drawn([run(0, 4, 4, 4, 4)]);
    lines.drawn([run(0, 4, 4, 4, 4), run(26, 3, 3, 1)]);
    expect(firsts(lines)).toEqual([0, 4, 8, 12, 16, 20, 24, 26, 29, 32, 36]);
    lines.drawn([run(24, 5, 3)]);
    expect(firsts(lines)).toEqual([0, 4, 8, 12, 16, 20, 24, 29, 32, 36]);
  });

  it("go with their rows when some come in above, and forget what no longer fits", () => {
    const lines = new WrappedLines();
    lines.setPlaces(12);
    lines.drawn([run(0, 3, 3, 3, 3)]);
    lines.shiftPlaces(4);
    expect(firsts(lines)).toEqual([0, 3, 6, 7, 10, 13]);
    lines.shiftPlaces(-4);
    expect(firsts(lines)).toEqual([0, 3, 6, 9]);
    lines.setPlaces(7);
    expect(firsts(lines)).toEqual([0, 3, 6]);
    lines.forget();
    lines.drawn([run(0, 2, 2, 2, 1)]);
    expect(firsts(lines)).toEqual([0, 2, 4, 6]);
  });
});

describe("the window of rows that wrap", () => {
  const list: RowList = {
    ids: Array.from({ length: 1000 }, (_, place) => `row@${place}`),
    places: undefined,
    total: 1000,
  };

  function wrapped(): RowWindow {
    const rows = new RowWindow("wrapping");
    rows.take(list, 0);
    rows.wrapped([run(0, 4, 4, 4)]);
    rows.wrapped([run(0, 4, 4, 4, 4, 4)]);
    return rows;
  }

  const places = (rows: RowWindow, held: string | null = null) => rows.strips(held).map(({ place }) => place);

  it("draws whole lines, and stands for those left out once", () => {
    const rows = wrapped();
    rows.cover(4_000, 4_400);
    const drawn = rows.strips(null);
    expect(drawn.length).toBeLessThan(100);
    expect(drawn[0]?.place).toBe(rows.from);
    expect(drawn[0]?.margin).toBe((rows.from / 4) * LINE_PX);
    expect(drawn.slice(1).every(({ margin }) => margin === 0)).toBe(true);
    expect(places(rows, "row@42").slice(0, 13)).toEqual([
      36,
      37,
      38,
      39,
      40,
      41,
      42,
      43,
      44,
      45,
      46,
      47,
      rows.from,
    ]);
  });

  it("leaves the line that was drawn first free to be filled, where it is short", () => {
    const rows = wrapped();
    rows.cover(4_000, 4_400);
    const before = rows.from;
    rows.cover(3_800, 4_200);
    const lead = Math.max(before, rows.firstAt(3_800));
    rows.pin(lead - 4);
    rows.endShort(lead - 4);
    rows.cover(3_600, 4_000);
    expect([...rows.pins].sort((a, b) => a - b)).toEqual([lead - 4, lead]);
  });

  it("has what is looked at begin its line while lines come in above, until it is out of view", () => {
    const rows = wrapped();
    rows.cover(4_000, 4_400);
    expect(rows.pins.size).toBe(0);
    rows.cover(3_800, 4_200);
    expect([...rows.pins]).toEqual([rows.firstAt(3_800)].map((seen) => Math.max(seen, 388)));
    rows.cover(20_000, 20_400);
    expect(rows.pins.size).toBe(0);
  });
});
