/**
 * What scrolls around the long lists of a page, and how it is kept steady: when something before what a person looks
 * at changes its size, the scroller moves by as much. All lists that go the same way in one scroller share that, nested
 * ones too.
 */
import { flushSync } from "react-dom";
import { type Axis, DOWN, SIDEWAYS } from "./axis";

/** A row that is drawn, and where it begins. */
interface Sight {
  row: string;
  start: number;
  isInView: boolean;
}

interface Follower {
  /** Other rows may have come into view. */
  onMove(): void;
  /** Draws the row that holds a component; false when the list has none. */
  onReveal(component: string): boolean;
}

/** An element that scrolls, for the lists in it that go one way. */
interface Scroller {
  element: Element;
  axis: Axis;
  lists: Map<HTMLElement, Follower>;
  /** Where rows were when the element stood at `scrolled`, those in view first. */
  sights: Sight[];
  scrolled: number;
}

const AXES = [DOWN, SIDEWAYS] as const;

const scrollers = new Set<Scroller>();

/** Where elements stood when they last told that they scrolled. */
const positions = new WeakMap<Element, Record<Axis["scroll"], number>>();

let observer: ResizeObserver | undefined;

function sizes(): ResizeObserver {
  observer ??= new ResizeObserver((entries) => {
    const isChanged = ({ element, axis }: Scroller) =>
      entries.some(({ target }) => element.contains(target) && scrollerOf(target, axis) === element);
    for (const scroller of [...scrollers].filter(isChanged)) {
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
export function follow(box: HTMLElement, axis: Axis, follower: Follower): () => void {
  const element = scrollerOf(box, axis);
  const scroller = find(element, axis) ?? { element, axis, lists: new Map(), sights: [], scrolled: 0 };
  if (scrollers.size === 0) {
    document.addEventListener("scroll", onScroll, true);
    document.addEventListener("keydown", onKey);
  }
  scrollers.add(scroller);
  scroller.lists.set(box, follower);
  sizes().observe(element);
  sizes().observe(box);
  return () => {
    scroller.lists.delete(box);
    sizes().unobserve(box);
    if (scroller.lists.size > 0) return;
    scrollers.delete(scroller);
    if (AXES.every((axis) => !find(element, axis))) sizes().unobserve(element);
    if (scrollers.size > 0) return;
    document.removeEventListener("scroll", onScroll, true);
    document.removeEventListener("keydown", onKey);
  };
}

/** Has the lists in `root` draw a component that is scrolled away; false when none of them holds it. */
export function reveal(root: Element, component: string): boolean {
  const asked = new Set<HTMLElement>();
  let isDrawn = false;
  for (;;) {
    // A row that is drawn may hold a list that is to draw one of its own.
    const lists = [...scrollers].flatMap((scroller) => [...scroller.lists]);
    const next = lists.find(([box]) => root.contains(box) && !asked.has(box));
    if (!next) return isDrawn;
    const [box, list] = next;
    asked.add(box);
    if (flushSync(() => list.onReveal(component))) isDrawn = true;
  }
}

/** Brings what is in view around `box` back to where it was. */
export function steady(box: Element, axis: Axis): void {
  const scroller = find(scrollerOf(box, axis), axis);
  if (scroller) settle(scroller);
}

/** What can be seen of `box` along the axis, measured from `origin`. */
export function spanInView(box: Element, axis: Axis, origin: number): { start: number; end: number } {
  let [first, last] = [0, document.documentElement[axis.clientSize]];
  for (let element: Element | null = box; element; element = element.parentElement) {
    if (getComputedStyle(element)[axis.overflow] === "visible") continue;
    const clip = element.getBoundingClientRect();
    first = Math.max(first, clip[axis.start]);
    last = Math.min(last, clip[axis.end]);
  }
  return { start: first - origin, end: Math.max(first, last) - origin };
}

function find(element: Element, axis: Axis): Scroller | undefined {
  return [...scrollers].find((scroller) => scroller.element === element && scroller.axis === axis);
}

/** The element whose scrolling moves the rows of `box`, which may be `box` itself. */
function scrollerOf(box: Element, axis: Axis): Element {
  for (let element: Element | null = box; element; element = element.parentElement) {
    if (/auto|scroll/.test(getComputedStyle(element)[axis.overflow]) && !isAsHighAsItsContent(element, axis))
      return element;
  }
  return document.scrollingElement ?? document.documentElement;
}

/** What is told to scroll sideways alone counts as scrolling downwards too, which without a height it never does. */
function isAsHighAsItsContent(element: Element, axis: Axis): boolean {
  if (axis !== DOWN || !(element instanceof HTMLElement)) return false;
  const { overflowX, overflowY, height, maxHeight } = element.style;
  return overflowX !== "" && overflowY === "" && height === "" && maxHeight === "";
}

function onScroll(event: Event): void {
  const moved = event.target instanceof Element ? event.target : document.documentElement;
  const axes = axesMoved(moved);
  for (const scroller of [...scrollers])
    if (moved.contains(scroller.element) && axes.includes(scroller.axis)) move(scroller);
}

function axesMoved(element: Element): readonly Axis[] {
  const { scrollTop, scrollLeft } = element;
  const before = positions.get(element);
  const now = { scrollTop, scrollLeft };
  positions.set(element, now);
  const moved = AXES.filter(({ scroll }) => now[scroll] !== before?.[scroll]);
  return moved.length > 0 ? moved : AXES;
}

/** In a frame that only scrolls sideways Home and End lead along it; the browser has them for what scrolls downwards. */
function onKey(event: KeyboardEvent): void {
  const { key, target: frame } = event;
  if ((key !== "Home" && key !== "End") || event.defaultPrevented) return;
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (!(frame instanceof Element) || !find(frame, SIDEWAYS) || frame.scrollHeight > frame.clientHeight)
    return;
  event.preventDefault();
  frame.scrollLeft = key === "End" ? frame.scrollWidth : 0;
}

/** Within the same frame, or the rows that came into view would be blank in it. */
function move(scroller: Scroller): void {
  const { element, axis, lists } = scroller;
  const wasAtEnd = isAtEnd(element, axis);
  look(scroller);
  flushSync(() => {
    for (const list of [...lists.values()]) list.onMove();
  });
  // Whoever goes to the end means the last row, and not where it was taken to be.
  if (wasAtEnd && !isAtEnd(element, axis)) element[axis.scroll] = element[axis.scrollSize];
  look(scroller);
}

function isAtEnd(element: Element, { scroll, scrollSize, clientSize }: Axis): boolean {
  return element[scroll] > 0 && element[scroll] + element[clientSize] >= element[scrollSize] - 1;
}

function settle(scroller: Scroller): void {
  const { element, axis, sights } = scroller;
  const scrolled = element[axis.scroll] - scroller.scrolled;
  for (const { row, start } of sights) {
    const drawn = element.querySelector(`[data-row="${CSS.escape(row)}"]`);
    if (!drawn) continue;
    const now = drawn.getBoundingClientRect()[axis.start] - viewOf(element)[axis.start];
    const shift = now - start + scrolled;
    if (Math.abs(shift) >= 1) element[axis.scroll] += shift;
    look(scroller);
    return;
  }
}

function look(scroller: Scroller): void {
  const { element, axis, lists } = scroller;
  scroller.scrolled = element[axis.scroll];
  // What comes in at the very beginning is meant to be seen.
  scroller.sights = scroller.scrolled > 0 ? [...lists.keys()].flatMap((box) => sights(box, scroller)) : [];
  scroller.sights.sort((a, b) => rank(a) - rank(b) || Math.abs(a.start) - Math.abs(b.start));
}

/** A row that begins in view is held by that; one that begins before may itself be what grows. */
function rank({ start, isInView }: Sight): number {
  return isInView ? (start >= 0 ? 0 : 1) : 2;
}

function sights(box: HTMLElement, scroller: Scroller): Sight[] {
  const { element, axis } = scroller;
  const view = viewOf(element);
  const outer = outermost(box, scroller);
  // Where a list begins in view, the browser holds what stands before it.
  if (outer !== element && outer.getBoundingClientRect()[axis.start] >= view[axis.start]) return [];
  const seen: Sight[] = [];
  for (const child of box.children) {
    if (!(child instanceof HTMLElement) || child.dataset.row === undefined) continue;
    const rect = child.getBoundingClientRect();
    const isInView = AXES.every(({ start, end }) => rect[end] > view[start] && rect[start] < view[end]);
    seen.push({ row: child.dataset.row, start: rect[axis.start] - view[axis.start], isInView });
  }
  return seen;
}

/** The outermost list around that goes the same way in the same scroller, or the list itself. */
function outermost(box: HTMLElement, { element, lists }: Scroller): HTMLElement {
  let outer = box;
  for (let around: HTMLElement | null = box; around; around = around.parentElement) {
    if (lists.has(around)) outer = around;
    if (around === element) break;
  }
  return outer;
}

/** What an element that scrolls shows, on the page. */
function viewOf(element: Element): Record<Axis["start" | "end"], number> {
  const isPage = element === document.scrollingElement;
  const { top, left } = isPage ? { top: 0, left: 0 } : element.getBoundingClientRect();
  return { top, left, bottom: top + element.clientHeight, right: left + element.clientWidth };
}
