/** The rows of a long list. Those in view are in the page; margins, or empty room, stand for the others. */
import { type CSSProperties, Fragment, useCallback, useLayoutEffect, useReducer, useRef } from "react";
import type { NodeId } from "@/engine/protocol";
import { SurfaceNode } from "../Surface";
import { useSurface } from "../SurfaceContext";
import { axisOf, type Flow } from "./axis";
import { pixels, scaleOf } from "./measures";
import { type Question, type RowList, RowWindow } from "./rowWindow";
import { follow, spanInView, steady, watchSize } from "./scrolling";
import { measureSingleLine, startOfLine } from "./singleLine";
import { innerWidth, isSameRooms, mark, measureWrapping, type Rooms, topOfLines } from "./wrapping";

/** Measuring again and again within one frame ends here; the next frame goes on. */
const MOST_ROUNDS = 8;

interface RowsProps {
  list: RowList;
  /** Whether the box around is a `list`, of which these are the items. */
  listed: boolean;
  flow: Flow;
  /** How many of them were drawn until they became many. */
  drawn: number;
  range: ((question: Question) => void) | undefined;
}

export function Rows({ list, listed, flow, drawn, range }: RowsProps) {
  const axis = axisOf(flow);
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
  kept.current ??= new RowWindow(flow, drawn);
  const rows = kept.current;
  const beside = useRef<Beside>({ rooms: new Map(), width: 0, gap: 0, observed: new Map() });
  const { rooms, gap } = beside.current;
  rows.take(list, seen.current);
  const strips = rows.strips(held.current);
  const before = rows.before(held.current);
  const after = rows.after(held.current);

  /** Learns how the rows stand that are drawn. */
  const learn = (around: HTMLElement) => {
    if (flow === "down") {
      measure(around, rows);
      return;
    }
    watchRows(around, rows, beside.current.observed);
    if (flow === "wrapping") measureThoseThatWrap(around, rows, beside.current);
    else beside.current.gap = measureSingleLine(around, rows, strips);
  };

  /** Where the first row would begin. */
  const origin = (around: HTMLElement): number => {
    if (flow === "wrapping") return topOfLines(around, rows);
    if (flow === "sideways") return startOfLine(around, rows);
    const first = around.querySelector(":scope > [data-row]") ?? around;
    return first.getBoundingClientRect().top - before;
  };

  /** Draws, and asks for, what is in view now. */
  const settle = () => {
    const around = box.current;
    if (!around || !isShown(around)) return;
    learn(around);
    if (!around.contains(document.activeElement) && !isRevealed.current) held.current = null;
    const span = spanInView(around, axis, origin(around));
    seen.current = rows.firstAt(span.start);
    const isNew = rows.cover(span.start, span.end);
    const wanted = range && rows.toAsk(held.current, seen.current, askedFor.current !== list);
    if (wanted) {
      askedFor.current = list;
      range(wanted);
    }
    const isStale = rows.before(held.current) !== before || Math.abs(rows.after(held.current) - after) >= 1;
    if (isNew || isStale || beside.current.rooms !== rooms) draw();
  };
  const latest = useRef(settle);
  latest.current = settle;

  // Before what was drawn is painted.
  useLayoutEffect(() => {
    const around = box.current;
    if (!around || !isShown(around)) return;
    learn(around);
    rounds.current += 1;
    // Rows that are yet to begin another line must not be taken for what is looked at.
    const isToMove = beside.current.rooms !== rooms && rounds.current <= MOST_ROUNDS;
    if (isToMove) draw();
    else {
      steady(around, axis);
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
    if (flow !== "down") around.addEventListener("focusin", holdOn);
    const unfollow = follow(around, axis, {
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
    const { observed } = beside.current;
    return () => {
      around.removeEventListener("focusin", holdOn);
      unfollow();
      for (const unwatch of observed.values()) unwatch();
      observed.clear();
    };
  }, [nodes, rows, flow, axis]);

  const watched = useCallback((strip: HTMLElement | null) => {
    if (!strip) return;
    box.current = strip.parentElement;
    return watchSize(strip);
  }, []);

  if (flow !== "down") {
    return (
      <>
        <span ref={watched} hidden />
        {strips.map(({ place, ids, margin }) => (
          <Fragment key={ids[0]}>
            <LeftOut size={margin} gap={gap} flow={flow} />
            <Room width={rooms.get(place)} />
            {ids.map((id) => (
              <SurfaceNode key={id} id={id} />
            ))}
          </Fragment>
        ))}
        <LeftOut size={after} gap={gap} flow={flow} />
      </>
    );
  }

  if (strips.length === 0) {
    return <div ref={watched} className="surface-line" data-row="" style={{ marginBottom: after }} />;
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
      style={{ marginTop: margin || undefined, marginBottom: (isLast && after) || undefined }}
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

/** What is known of rows that stand beside one another, in the box itself. */
interface Beside {
  /** Where they wrap. */
  rooms: Rooms;
  /** Of the box, when they were measured. */
  width: number;
  /** To what is left out. */
  gap: number;
  observed: Map<HTMLElement, () => void>;
}

/** Stands for whole lines that are left out, with the gap to what follows. */
function LeftOut({ size, gap, flow }: { size: number; gap: number; flow: Flow }) {
  if (size < 1) return null;
  const room = Math.max(0, size - gap);
  const style: CSSProperties =
    flow === "sideways"
      ? // As high as the line: what has no area is no room to scroll in.
        { flex: `0 0 ${room}px`, alignSelf: "stretch" }
      : { flex: "0 0 100%", alignSelf: "flex-start", height: room };
  return <div data-between="lines" style={{ ...style, margin: 0 }} />;
}

/** Fills a line, so that the row behind it begins the next. */
function Room({ width }: { width: number | undefined }) {
  if (width === undefined) return null;
  return <div data-between="room" style={{ flex: `0 0 ${width}px`, alignSelf: "flex-start", margin: 0 }} />;
}

function isShown(box: HTMLElement): boolean {
  return box.getClientRects().length > 0;
}

/** The row of a box with rows beside one another that an element is in. */
function rowAround(target: EventTarget | null, box: HTMLElement): NodeId | undefined {
  for (let element = target instanceof HTMLElement ? target : null; element; element = element.parentElement)
    if (element.parentElement === box) return element.dataset.row;
  return undefined;
}

/** Learns how many rows stand in a line, and how high the lines are that are drawn. */
function measure(box: HTMLElement, rows: RowWindow): void {
  const style = getComputedStyle(box);
  rows.setColumns(style.display === "grid" ? style.gridTemplateColumns.split(" ").length : 1);
  const gap = pixels(style.rowGap);
  const scale = scaleOf(box);
  const heights = new Map<number, number>();
  for (const child of box.children) {
    if (!(child instanceof HTMLElement) || child.dataset.place === undefined) continue;
    const line = rows.lineOf(Number(child.dataset.place));
    const height = child.getBoundingClientRect().height * scale + gap;
    heights.set(line, Math.max(heights.get(line) ?? 0, height));
  }
  rows.measured(heights);
}

/** Marks and watches the rows that stand in the box itself. */
function watchRows(box: HTMLElement, rows: RowWindow, observed: Beside["observed"]): void {
  const elements = new Set(mark(box, rows));
  for (const [element, unwatch] of observed) {
    if (elements.has(element)) continue;
    unwatch();
    observed.delete(element);
  }
  for (const element of elements) if (!observed.has(element)) observed.set(element, watchSize(element));
}

function measureThoseThatWrap(box: HTMLElement, rows: RowWindow, beside: Beside): void {
  const width = innerWidth(box);
  if (width !== beside.width) rows.forget();
  beside.width = width;
  beside.gap = pixels(getComputedStyle(box).rowGap);
  const rooms = measureWrapping(box, rows);
  if (!isSameRooms(rooms, beside.rooms)) beside.rooms = rooms;
}
