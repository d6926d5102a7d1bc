/** How rows stand in a single line, read from the page: each is a line of its own, as wide as it is. */
import { pixels, scaleOf } from "./measures";
import type { RowWindow, Strip } from "./rowWindow";

/** Tells the window how wide the rows are that are drawn, a row without an element being nothing; gives the gap. */
export function measureSingleLine(box: HTMLElement, rows: RowWindow, drawn: readonly Strip[]): number {
  const gap = pixels(getComputedStyle(box).columnGap);
  const scale = scaleOf(box);
  const widths = new Map(drawn.map(({ place }) => [place, 0]));
  for (const { element, place } of elements(box)) {
    const { marginLeft, marginRight } = getComputedStyle(element);
    const width = element.getBoundingClientRect().width * scale + pixels(marginLeft) + pixels(marginRight);
    widths.set(place, (widths.get(place) ?? 0) + width + gap);
  }
  rows.measured(widths);
  return gap;
}

/** Where the first row would begin, told from the first of those in view. */
export function startOfLine(box: HTMLElement, rows: RowWindow): number {
  const first = elements(box).find(({ place }) => place >= rows.from);
  if (first) {
    const { left } = first.element.getBoundingClientRect();
    return left - pixels(getComputedStyle(first.element).marginLeft) - rows.startOf(first.place);
  }
  const left = box.getBoundingClientRect().left + box.clientLeft - box.scrollLeft;
  return left + pixels(getComputedStyle(box).paddingLeft);
}

function elements(box: HTMLElement): { element: HTMLElement; place: number }[] {
  return [...box.children].flatMap((element) =>
    element instanceof HTMLElement &&
    element.dataset.place !== undefined &&
    element.getClientRects().length > 0
      ? [{ element, place: Number(element.dataset.place) }]
      : [],
  );
}
