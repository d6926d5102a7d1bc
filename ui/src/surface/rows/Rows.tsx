/** The rows of a long list. Those in view are in the page; margins, or empty lines, stand for the others. */
import { Fragment, useCallback, useLayoutEffect, useReducer, useRef } from "react";
import type { NodeId } from "@/engine/protocol";
import { SurfaceNode } from "../Surface";
import { useSurface } from "../SurfaceContext";
import { type Question, type RowList, RowWindow } from "./rowWindow";
import { follow, spanInView, steady, watchSize } from "./scrolling";
import { innerWidth, isSameRooms, mark, measureWrapping, type Rooms, topOfLines } from "./wrapping";

/** Measuring again and again within one frame ends here; the next frame goes on. */
const MOST_ROUNDS = 8;

interface RowsProps {
  list: RowList;
  /** Whether the box around is a `list`, of which these are the items. */
  listed: boolean;
  /** Whether they stand beside one another, each as wide as it is. */
  wraps: boolean;
  range: ((question: Question) => void) | undefined;
}

export function Rows({ list, listed, wraps, range }: RowsProps) {
  const { nodes } = useSurface();
  const [, draw] = useReducer((count: number) => count + 1, 0);
  const box = useRef<HTMLElement>(null);
  /** The row that holds the keyboard. */
  const held = useRef<NodeId>(null);
  /** Whether that row was drawn to be given the keyboard, and is about to. */
  const isRevealed = useRef(false);
  /** The first row in view. */
  const seen = useRef(0);
  const rounds = useRef(0);
  const askedFor = useRef<RowList>(null);
  const kept = useRef<RowWindow>(null);
  kept.current ??= new RowWindow(wraps);
  const rows = kept.current;
  const wrapping = useRef<Wrapping>({ rooms: new Map(), width: 0, gap: 0, observed: new Map() });
  const { rooms, gap } = wrapping.current;
  rows.take(list, seen.current);
  const strips = rows.strips(held.current);
  const above = rows.above(held.current);
  const below = rows.below(held.current);

  /** Draws, and asks for, what is in view now. */
  const settle = () => {
    const around = box.current;
    const first = around?.querySelector(":scope > [data-row]");
    if (!around || (!first && !wraps) || around.getClientRects().length === 0) return;
    measure(around, rows, wraps ? wrapping.current : null);
    if (!around.contains(document.activeElement) && !isRevealed.current) held.current = null;
    const top = first && !wraps ? first.getBoundingClientRect().top - above : topOfLines(around, rows);
    const span = spanInView(around, top);
    seen.current = rows.firstAt(span.top);
    const isNew = rows.cover(span.top, span.bottom);
    const wanted = range && rows.toAsk(held.current, seen.current, askedFor.current !== list);
    if (wanted) {
      askedFor.current = list;
      range(wanted);
    }
    const isStale = rows.above(held.current) !== above || Math.abs(rows.below(held.current) - below) >= 1;
    if (isNew || isStale || wrapping.current.rooms !== rooms) draw();
  };
  const latest = useRef(settle);
  latest.current = settle;

  // Before what was drawn is painted.
  useLayoutEffect(() => {
    const around = box.current;
    if (!around) return;
    measure(around, rows, wraps ? wrapping.current : null);
    rounds.current += 1;
    // Rows that are yet to begin another line must not be taken for what is looked at.
    const isToMove = wrapping.current.rooms !== rooms && rounds.current <= MOST_ROUNDS;
    if (isToMove) draw();
    else {
      steady(around);
      if (rounds.current <= MOST_ROUNDS) settle();
    }
    const frame = requestAnimationFrame(() => {
      const isUnfinished = rounds.current > MOST_ROUNDS;
      rounds.current = 0;
      if (isUnfinished) latest.current();
    });
    return () => cancelAnimationFrame(frame);
  });

  useLayoutEffect(() => {
    const around = box.current;
    if (!around) return;
    const holds = (id: NodeId, component: string): boolean =>
      id === component ||
      id.startsWith(`${component}@`) ||
      (nodes.get(id)?.children.some((child) => holds(child, component)) ?? false);
    const holdOn = ({ target }: FocusEvent) => {
      const row = rowAround(target, around);
      if (row === undefined || held.current === row) return;
      held.current = row;
      draw();
    };
    if (wraps) around.addEventListener("focusin", holdOn);
    const unfollow = follow(around, {
      onMove: () => latest.current(),
      onReveal: (component) => {
        const row = rows.ids.find((id) => holds(id, component));
        if (row === undefined) return false;
        held.current = row;
        isRevealed.current = true;
        requestAnimationFrame(() => {
          isRevealed.current = false;
        });
        draw();
        return true;
      },
    });
    const { observed } = wrapping.current;
    return () => {
      around.removeEventListener("focusin", holdOn);
      unfollow();
      for (const unwatch of observed.values()) unwatch();
      observed.clear();
    };
  }, [nodes, rows, wraps]);

  const watched = useCallback((strip: HTMLElement | null) => {
    if (!strip) return;
    box.current = strip.parentElement;
    return watchSize(strip);
  }, []);

  if (wraps) {
    return (
      <>
        <span ref={watched} hidden />
        {strips.map(({ place, ids, margin }) => (
          <Fragment key={ids[0]}>
            <LeftOut height={margin} gap={gap} />
            <Room width={rooms.get(place)} />
            {ids.map((id) => (
              <SurfaceNode key={id} id={id} />
            ))}
          </Fragment>
        ))}
        <LeftOut height={below} gap={gap} />
      </>
    );
  }

  if (strips.length === 0) {
    return <div ref={watched} className="surface-line" data-row="" style={{ marginBottom: below }} />;
  }
  return strips.map(({ place, ids, margin, isLast }) => (
    <div
      key={ids[0]}
      ref={watched}
      className="surface-line"
      data-row={ids[0]}
      data-place={place}
      data-odd={place % 2 === 0 || undefined}
      role={listed ? "listitem" : undefined}
      aria-posinset={listed ? place + 1 : undefined}
      aria-setsize={listed ? rows.total : undefined}
      style={{ marginTop: margin || undefined, marginBottom: (isLast && below) || undefined }}
      onFocus={() => {
        if (held.current === ids[0]) return;
        held.current = ids[0] ?? null;
        // At once, for the next press of Tab may come before anything scrolls.
        draw();
      }}
    >
      {ids.map((id) => (
        <SurfaceNode key={id} id={id} />
      ))}
    </div>
  ));
}

/** What is known of rows that wrap. */
interface Wrapping {
  rooms: Rooms;
  /** Of the box, when they were measured. */
  width: number;
  gap: number;
  observed: Map<HTMLElement, () => void>;
}

/** Stands for whole lines that are left out, with the gap to what follows. */
function LeftOut({ height, gap }: { height: number; gap: number }) {
  if (height < 1) return null;
  return (
    <div
      data-between="lines"
      style={{ flex: "0 0 100%", alignSelf: "flex-start", margin: 0, height: Math.max(0, height - gap) }}
    />
  );
}

/** Fills a line, so that the row behind it begins the next. */
function Room({ width }: { width: number | undefined }) {
  if (width === undefined) return null;
  return <div data-between="room" style={{ flex: `0 0 ${width}px`, alignSelf: "flex-start", margin: 0 }} />;
}

/** The row of a box with rows beside one another that an element is in. */
function rowAround(target: EventTarget | null, box: HTMLElement): NodeId | undefined {
  for (let element = target instanceof HTMLElement ? target : null; element; element = element.parentElement)
    if (element.parentElement === box) return element.dataset.row;
  return undefined;
}

/** Learns how many rows stand in a line, and how high the lines are that are drawn. */
function measure(box: HTMLElement, rows: RowWindow, wrapping: Wrapping | null): void {
  if (wrapping) {
    measureThoseThatWrap(box, rows, wrapping);
    return;
  }
  const style = getComputedStyle(box);
  rows.setColumns(style.display === "grid" ? style.gridTemplateColumns.split(" ").length : 1);
  const gap = Number.parseFloat(style.rowGap) || 0;
  // A window that rises as it opens is drawn smaller than it is.
  const scale = box.offsetWidth / box.getBoundingClientRect().width;
  const shrinks = Math.abs(scale - 1) > 0.002;
  const heights = new Map<number, number>();
  for (const child of box.children) {
    if (!(child instanceof HTMLElement) || child.dataset.place === undefined) continue;
    const line = rows.lineOf(Number(child.dataset.place));
    const height = child.getBoundingClientRect().height * (shrinks ? scale : 1) + gap;
    heights.set(line, Math.max(heights.get(line) ?? 0, height));
  }
  rows.measured(heights);
}

function measureThoseThatWrap(box: HTMLElement, rows: RowWindow, wrapping: Wrapping): void {
  const elements = new Set(mark(box, rows));
  for (const [element, unwatch] of wrapping.observed) {
    if (elements.has(element)) continue;
    unwatch();
    wrapping.observed.delete(element);
  }
  for (const element of elements)
    if (!wrapping.observed.has(element)) wrapping.observed.set(element, watchSize(element));
  const width = innerWidth(box);
  if (width !== wrapping.width) rows.forget();
  wrapping.width = width;
  wrapping.gap = Number.parseFloat(getComputedStyle(box).rowGap) || 0;
  const rooms = measureWrapping(box, rows);
  if (!isSameRooms(rooms, wrapping.rooms)) wrapping.rooms = rooms;
}
