/** How the rows of a long list stand in their box, and what the page calls the measures of the way they go. */

/** Lines below one another, rows beside one another that wrap, or a single line. */
export type Flow = "down" | "wrapping" | "sideways";

export const DOWN = {
  start: "top",
  end: "bottom",
  scroll: "scrollTop",
  scrollSize: "scrollHeight",
  clientSize: "clientHeight",
  overflow: "overflowY",
} as const;

export const SIDEWAYS = {
  start: "left",
  end: "right",
  scroll: "scrollLeft",
  scrollSize: "scrollWidth",
  clientSize: "clientWidth",
  overflow: "overflowX",
} as const;

/** The way the lines of a list follow one another, and the list scrolls. */
export type Axis = typeof DOWN | typeof SIDEWAYS;

export function axisOf(flow: Flow): Axis {
  return flow === "sideways" ? SIDEWAYS : DOWN;
}
