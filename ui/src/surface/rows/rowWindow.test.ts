import { describe, expect, it } from "vitest";
import { type RowList, RowWindow } from "./rowWindow";

const LINE_PX = 40;

/** The rows `from` to `to` of a list, as the engine resolves them. */
function resolved(from: number, to: number, total: number, extra: number[] = []): RowList {
  const inside = Array.from({ length: to - from }, (_, index) => from + index);
  const places = [...new Set([...inside, ...extra])].sort((a, b) => a - b);
  return { ids: places.map((place) => `row@${place}`), places, total };
}

/** A window on a list of which every line that is drawn was measured. */
function measured(list: RowList, columns = 1): RowWindow {
  const rows = new RowWindow("down");
  rows.take(list, 0);
  rows.setColumns(columns);
  rows.measured(new Map(rows.strips(null).map(({ place }) => [rows.lineOf(place), LINE_PX])));
  return rows;
}

const places = (rows: RowWindow, held: string | null = null) => rows.strips(held).map(({ place }) => place);

describe("the window of a long list", () => {
  it("draws what is in view and a little more, and stands for the rest", () => {
    const rows = measured(resolved(0, 1000, 1000));
    expect(rows.cover(20_000, 20_400)).toBe(true);
    expect(places(rows)).toEqual(Array.from({ length: 35 }, (_, index) => 488 + index));
    expect(rows.before(null)).toBe(488 * LINE_PX);
    expect(rows.after(null)).toBe((1000 - 523) * LINE_PX);
    expect(rows.cover(20_010, 20_410)).toBe(false);
  });

  it("asks for what is not resolved, and once", () => {
    const rows = measured(resolved(0, 50, 1000));
    rows.cover(20_000, 20_400);
    const asked = rows.toAsk(null, 500, true);
    expect(asked?.first).toBeLessThanOrEqual(488);
    expect((asked?.first ?? 0) + (asked?.count ?? 0)).toBeGreaterThanOrEqual(523);
    rows.take(resolved(464, 547, 1000), 500);
    expect(rows.toAsk(null, 500, true)?.keep).toEqual(["row@500"]);
    expect(rows.toAsk(null, 500, false)).toBeNull();
  });

  it("goes with the rows when others come in above, or go", () => {
    const rows = measured(resolved(0, 1000, 1000));
    rows.cover(20_000, 20_400);
    const before = rows.strips(null).map(({ ids }) => ids[0]);
    const moved = {
      ...resolved(0, 1000, 1000),
      places: Array.from({ length: 1000 }, (_, index) => index + 3),
      total: 1003,
    };
    rows.take(moved, 500);
    expect(rows.strips(null).map(({ ids }) => ids[0])).toEqual(before);
    rows.take(resolved(0, 1000, 1000), 503);
    expect(rows.strips(null).map(({ ids }) => ids[0])).toEqual(before);
  });

  it("keeps the row with the keyboard and those beside it", () => {
    const rows = measured(resolved(0, 1000, 1000));
    rows.cover(20_000, 20_400);
    expect(places(rows, "row@10").slice(0, 4)).toEqual([9, 10, 11, 488]);
    expect(rows.strips("row@10")[3]?.margin).toBe((488 - 12) * LINE_PX);
  });

  it("draws whole lines of a grid", () => {
    const rows = measured(resolved(0, 1000, 1000), 4);
    rows.cover(4_000, 4_400);
    const drawn = places(rows, "row@42");
    expect(drawn.slice(0, 13)).toEqual([36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 388]);
    expect(drawn.length % 4).toBe(0);
  });

  it("takes a single line not to fit until it is measured, and for as long as it is then", () => {
    const rows = new RowWindow("sideways");
    rows.take(resolved(0, 200, 1000), 0);
    const first = rows.strips(null);
    expect(rows.after(null)).toBe((1000 - first.length) * 100);
    // A row that shows nothing takes no room, and tells nothing of the others.
    rows.measured(new Map(first.map(({ place }) => [place, place === 3 ? 0 : 30])));
    expect(rows.startOf(5)).toBe(4 * 30);
    expect(rows.after(null)).toBe((1000 - first.length) * 30);
    rows.cover(3_000, 3_600);
    expect(places(rows)).toEqual(Array.from({ length: 45 }, (_, index) => 89 + index));
    expect(rows.before(null)).toBe(88 * 30);
  });

  it("shows the end of a list that got shorter", () => {
    const rows = measured(resolved(0, 1000, 1000));
    rows.cover(20_000, 20_400);
    rows.take({ ids: ["other@1", "other@2"], places: [0, 1], total: 2 }, 500);
    expect(places(rows)).toEqual([0, 1]);
  });
});
