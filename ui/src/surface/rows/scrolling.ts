/**
 * What scrolls around the long lists of a page, and how it is kept steady: when something above what a person looks
 * at changes its height, the scroller moves by as much. All lists in one scroller share that, nested ones too.
 */
import { flushSync } from "react-dom";

/** A row that is drawn, and where its top is. */
interface Sight {
  row: string;
  top: number;
  isInView: boolean;
}

interface Follower {
  /** Other rows may have come into view. */
  onMove(): void;
  /** Draws the row that holds a component; false when the list has none. */
  onReveal(component: string): boolean;
}

interface Scroller {
  lists: Map<HTMLElement, Follower>;
  /** Where rows were when the scroller stood at `scrollTop`, those in view first. */
  sights: Sight[];
  scrollTop: number;
}

const scrollers = new Map<Element, Scroller>();

let observer: ResizeObserver | undefined;

function sizes(): ResizeObserver {
  observer ??= new ResizeObserver((entries) => {
    const changed = new Set(entries.map(({ target }) => scrollerOf(target)));
    for (const scroller of changed) {
      settle(scroller);
      move(scroller);
    }
  });
  return observer;
}

/** Tells the list around when the element changes its size; gives the end of it. */
export function watchSize(element: Element): () => void {
  sizes().observe(element);
  return () => sizes().unobserve(element);
}

/** Keeps a list up to date with what can be seen of it; gives the end of it. */
export function follow(box: HTMLElement, follower: Follower): () => void {
  const scroller = scrollerOf(box);
  const shared = scrollers.get(scroller) ?? { lists: new Map(), sights: [], scrollTop: 0 };
  if (scrollers.size === 0) document.addEventListener("scroll", onScroll, true);
  scrollers.set(scroller, shared);
  shared.lists.set(box, follower);
  sizes().observe(scroller);
  sizes().observe(box);
  return () => {
    shared.lists.delete(box);
    sizes().unobserve(box);
    if (shared.lists.size > 0) return;
    sizes().unobserve(scroller);
    scrollers.delete(scroller);
    if (scrollers.size === 0) document.removeEventListener("scroll", onScroll, true);
  };
}

/** Has the lists in `root` draw a component that is scrolled away; false when none of them holds it. */
export function reveal(root: Element, component: string): boolean {
  const lists = [...scrollers.values()].flatMap((scroller) => [...scroller.lists]);
  return flushSync(() => lists.some(([box, list]) => root.contains(box) && list.onReveal(component)));
}

/** Brings what is in view around `box` back to where it was. */
export function steady(box: Element): void {
  settle(scrollerOf(box));
}

/** What can be seen of `box`, measured from `top`. */
export function spanInView(box: Element, top: number): { top: number; bottom: number } {
  let [first, last] = [0, document.documentElement.clientHeight];
  for (let element: Element | null = box; element; element = element.parentElement) {
    if (getComputedStyle(element).overflowY === "visible") continue;
    const clip = element.getBoundingClientRect();
    first = Math.max(first, clip.top);
    last = Math.min(last, clip.bottom);
  }
  return { top: first - top, bottom: Math.max(first, last) - top };
}

/** The element whose scrolling moves the rows of `box`, which may be `box` itself. */
function scrollerOf(box: Element): Element {
  for (let element: Element | null = box; element; element = element.parentElement) {
    if (/auto|scroll/.test(getComputedStyle(element).overflowY)) return element;
  }
  return document.scrollingElement ?? document.documentElement;
}

function onScroll(event: Event): void {
  const moved = event.target instanceof Element ? event.target : document.documentElement;
  for (const scroller of [...scrollers.keys()]) if (moved.contains(scroller)) move(scroller);
}

/** Within the same frame, or the rows that came into view would be blank in it. */
function move(scroller: Element): void {
  const shared = scrollers.get(scroller);
  if (!shared) return;
  const wasAtEnd = isAtEnd(scroller);
  look(scroller, shared);
  flushSync(() => {
    for (const list of [...shared.lists.values()]) list.onMove();
  });
  // Whoever goes to the end means the last row, and not where it was taken to be.
  if (wasAtEnd && !isAtEnd(scroller)) scroller.scrollTop = scroller.scrollHeight;
  look(scroller, shared);
}

function isAtEnd({ scrollTop, clientHeight, scrollHeight }: Element): boolean {
  return scrollTop > 0 && scrollTop + clientHeight >= scrollHeight - 1;
}

function settle(scroller: Element): void {
  const shared = scrollers.get(scroller);
  if (!shared) return;
  const scrolled = scroller.scrollTop - shared.scrollTop;
  for (const { row, top } of shared.sights) {
    const element = scroller.querySelector(`[data-row="${CSS.escape(row)}"]`);
    if (!element) continue;
    const shift = element.getBoundingClientRect().top - topOf(scroller) - top + scrolled;
    if (Math.abs(shift) >= 1) scroller.scrollTop += shift;
    look(scroller, shared);
    return;
  }
}

function look(scroller: Element, shared: Scroller): void {
  shared.scrollTop = scroller.scrollTop;
  // What comes in at the very top is meant to be seen.
  shared.sights =
    scroller.scrollTop > 0 ? [...shared.lists.keys()].flatMap((box) => sights(box, scroller)) : [];
  shared.sights.sort((a, b) => rank(a) - rank(b) || Math.abs(a.top) - Math.abs(b.top));
}

/** A row whose top is in view is held by that; one that begins above may itself be what grows. */
function rank({ top, isInView }: Sight): number {
  return isInView ? (top >= 0 ? 0 : 1) : 2;
}

function sights(box: HTMLElement, scroller: Element): Sight[] {
  const top = topOf(scroller);
  const outer = outermost(box);
  // Where a list begins in view, the browser holds what stands above it.
  if (outer !== scroller && outer.getBoundingClientRect().top >= top) return [];
  const seen: Sight[] = [];
  for (const child of box.children) {
    if (!(child instanceof HTMLElement) || child.dataset.row === undefined) continue;
    const rect = child.getBoundingClientRect();
    const isInView = rect.bottom > top && rect.top < top + scroller.clientHeight;
    seen.push({ row: child.dataset.row, top: rect.top - top, isInView });
  }
  return seen;
}

/** The outermost list around, or the list itself. */
function outermost(box: HTMLElement): HTMLElement {
  const row = box.parentElement?.closest("[data-row]");
  return row?.parentElement ? outermost(row.parentElement) : box;
}

function topOf(scroller: Element): number {
  return scroller === document.scrollingElement ? 0 : scroller.getBoundingClientRect().top;
}
