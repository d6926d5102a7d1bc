/** The rows of a long list. Those in view are in the page; margins stand for the others. */
import { useCallback, useLayoutEffect, useReducer, useRef } from "react";
import type { NodeId } from "@/engine/protocol";
import { SurfaceNode } from "../Surface";
import { useSurface } from "../SurfaceContext";
import { type Question, type RowList, RowWindow } from "./rowWindow";
import { follow, spanInView, steady, watchSize } from "./scrolling";

/** Measuring again and again within one frame ends here; the next frame goes on. */
const MOST_ROUNDS = 8;

interface RowsProps {
  list: RowList;
  /** Whether the box around is a `list`, of which these are the items. */
  listed: boolean;
  range: ((question: Question) => void) | undefined;
}

export function Rows({ list, listed, range }: RowsProps) {
  const { nodes } = useSurface();
  const [, draw] = useReducer((count: number) => count + 1, 0);
  const box = useRef<HTMLElement>(null);
  /** The row that holds the keyboard. */
  const held = useRef<NodeId>(null);
  /** The first row in view. */
  const seen = useRef(0);
  const rounds = useRef(0);
  const askedFor = useRef<RowList>(null);
  const kept = useRef<RowWindow>(null);
  kept.current ??= new RowWindow();
  const rows = kept.current;
  rows.take(list, seen.current);
  const strips = rows.strips(held.current);
  const above = rows.above(held.current);
  const below = rows.below(held.current);

  /** Draws, and asks for, what is in view now. */
  const settle = () => {
    const around = box.current;
    const first = around?.querySelector(":scope > [data-row]");
    if (!around || !first || around.getClientRects().length === 0) return;
    measure(around, rows);
    if (!around.contains(document.activeElement)) held.current = null;
    const span = spanInView(around, first.getBoundingClientRect().top - above);
    seen.current = rows.firstAt(span.top);
    const isNew = rows.cover(span.top, span.bottom);
    const wanted = range && rows.toAsk(held.current, seen.current, askedFor.current !== list);
    if (wanted) {
      askedFor.current = list;
      range(wanted);
    }
    const isStale = rows.above(held.current) !== above || Math.abs(rows.below(held.current) - below) >= 1;
    if (isNew || isStale) draw();
  };
  const latest = useRef(settle);
  latest.current = settle;

  // Before what was drawn is painted.
  useLayoutEffect(() => {
    const around = box.current;
    if (!around) return;
    measure(around, rows);
    steady(around);
    rounds.current += 1;
    if (rounds.current <= MOST_ROUNDS) settle();
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
    return follow(around, {
      onMove: () => latest.current(),
      onReveal: (component) => {
        const row = rows.ids.find((id) => holds(id, component));
        if (row === undefined) return false;
        held.current = row;
        draw();
        return true;
      },
    });
  }, [nodes, rows]);

  const watched = useCallback((strip: HTMLElement | null) => {
    if (!strip) return;
    box.current = strip.parentElement;
    return watchSize(strip);
  }, []);

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

/** Learns how many rows stand in a line, and how high the lines are that are drawn. */
function measure(box: HTMLElement, rows: RowWindow): void {
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
