/** Many children, of which only those in view are in the document. */
import { defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual";
import clsx from "clsx";
import {
  type Dispatch,
  Fragment,
  type RefObject,
  type SetStateAction,
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import type { NodeId, RowSpan } from "@/engine/protocol";
import { componentId } from "./look";
import { type ChildList, rowGroups } from "./rowGroups";
import { SurfaceNode } from "./Surface";
import { type SurfaceHost, useSurface } from "./SurfaceContext";
import { steadyViewOf } from "./steadyView";

/** From here on only the children in view are in the page. */
const VIRTUAL_FROM = 50;
/** What a row is taken to be high before one was measured. */
const UNMEASURED_PX = 44;
/** How far from the mean a new one must be to be worth a change. */
const CLOSE_PX = 2;
/** Rows drawn beyond each end of what is in view, so that the next ones are reached with Tab. */
const OVERSCAN = 6;
/** Rows are asked for in steps of this many, so that not every pixel asks. */
const ASK_ROWS = 25;

export interface VirtualLayout {
  /** Under each other, or in columns of equal width. */
  kind: "column" | "grid";
  gap: number;
  /** What a row is about high, in pixels. */
  rowHeight?: number;
  /** Whether the rows are the items of a list. */
  isList?: boolean;
}

interface VirtualChildrenProps {
  /** The node whose children they are; the surface's roots have no id. */
  owner: ChildList & { id?: NodeId };
  layout: VirtualLayout;
}

export function isVirtual({ children, total }: ChildList): boolean {
  return (total ?? children.length) >= VIRTUAL_FROM;
}

/** Stands in its owner's box, so that gaps, columns and borders are the owner's. */
export function VirtualChildren({ owner, layout }: VirtualChildrenProps) {
  const { host, lineHeights } = useSurface();
  const start = useRef<HTMLDivElement>(null);
  const [frame, setFrame] = useState<Frame>({ scroller: null, top: 0, columns: 1 });
  const [held, setHeld] = useState<NodeId | null>(null);
  const kin = owner.id === undefined ? "" : componentId(owner.id);
  const [lineHeight, setLineHeight] = useState(() => layout.rowHeight ?? lineHeights.get(kin) ?? null);
  const { scroller } = frame;
  const estimate = lineHeight ?? UNMEASURED_PX;
  const groups = useMemo(() => rowGroups(owner), [owner]);
  const columns = layout.kind === "grid" ? frame.columns : 1;
  const lines = Math.ceil(groups.count / columns);
  const heldRow = held === null ? undefined : groups.rowOf(held);
  const heldLine = heldRow === undefined ? undefined : Math.floor(heldRow / columns);
  // With the lines around it, so that Tab leads on.
  const heldLines = heldLine === undefined ? [] : [heldLine - 1, heldLine, heldLine + 1];

  // biome-ignore lint/correctness/useExhaustiveDependencies: another estimate, and the places are worked out anew.
  const keyOf = useCallback(
    (line: number) => groups.of(line * columns)[0] ?? line,
    [groups, columns, estimate],
  );
  const virtual = useVirtualizer({
    count: lines,
    getScrollElement: () => scroller,
    estimateSize: () => estimate,
    // What was measured belongs to a row, wherever it moves.
    getItemKey: keyOf,
    gap: layout.gap,
    scrollMargin: frame.top,
    overscan: OVERSCAN,
    enabled: scroller !== null,
    // A list that appears in a view that is scrolled leaves it there.
    initialOffset: () => scroller?.scrollTop ?? 0,
    // The line that holds the keyboard stays, however far it is scrolled away.
    rangeExtractor: (range) => withLines(defaultRangeExtractor(range), heldLines, lines),
  });
  virtual.shouldAdjustScrollPositionOnItemSizeChange = () => false;
  const items = virtual.getVirtualItems();
  // Before it is known what scrolls, the room is taken that the lines will need.
  const whole = scroller ? virtual.getTotalSize() : lines * (estimate + layout.gap);

  useFrame(start, layout.kind, setFrame);
  useLayoutEffect(() => (scroller ? steadyViewOf(scroller).hold() : undefined), [scroller]);
  useLayoutEffect(() => {
    if (scroller) steadyViewOf(scroller).settle();
  });

  const { startIndex = 0, endIndex = 0 } = virtual.range ?? {};
  const isThere = useAskedRows({
    host: owner.total === undefined ? null : host,
    id: owner.id,
    first: Math.max(0, startIndex - OVERSCAN) * columns,
    last: Math.min(groups.count, (endIndex + OVERSCAN + 1) * columns),
    keep:
      heldLine === undefined ? undefined : { first: Math.max(0, heldLine - 1) * columns, count: 3 * columns },
  });

  // While nothing is scrolled away, what the drawn lines measure says what the others are taken for.
  useLayoutEffect(() => {
    if (!scroller || (lineHeight !== null && scroller.scrollTop > 0)) return;
    const measured = meanHeight(start.current?.parentElement);
    if (measured === null || Math.abs(measured - (lineHeight ?? 0)) <= CLOSE_PX) return;
    lineHeights.set(kin, measured);
    setLineHeight(measured);
  });

  let reached: number | null = null;
  return (
    <>
      <div ref={start} hidden data-virtual-start />
      {items.map((item) => {
        const space = item.start - frame.top - (reached === null ? 0 : reached + layout.gap);
        reached = item.end - frame.top;
        const rows = Array.from(
          { length: Math.min(columns, groups.count - item.index * columns) },
          (_, column) => item.index * columns + column,
        );
        const isDrawn = rows.every(isThere);
        return (
          <Fragment key={item.key}>
            {space > 0 && <Space height={space - layout.gap} />}
            <div
              // What is on its way is taken for what rows are like, and not measured.
              ref={isDrawn ? virtual.measureElement : undefined}
              data-index={item.index}
              data-even={item.index % 2 === 0 || undefined}
              className={clsx(LINE[layout.kind], layout.isList || OWN[layout.kind])}
              style={{ gap: layout.gap, height: isDrawn ? undefined : item.size }}
              role={layout.isList ? "listitem" : undefined}
              aria-setsize={layout.isList ? groups.count : undefined}
              aria-posinset={layout.isList ? item.index + 1 : undefined}
              onFocus={() => setHeld(groups.of(item.index * columns)[0] ?? null)}
              onBlur={(event) => {
                if (!start.current?.parentElement?.contains(event.relatedTarget)) setHeld(null);
              }}
            >
              {rows.flatMap((row) => groups.of(row).map((id) => <SurfaceNode key={id} id={id} />))}
            </div>
          </Fragment>
        );
      })}
      <Rest height={whole - (reached ?? 0)} gap={layout.gap} />
    </>
  );
}

/** What a line hands on of how its owner arranges buttons. */
const OWN = { column: "surface-column", grid: "surface-grid" };

const LINE = {
  column: "flex min-w-0 flex-col",
  grid: "col-span-full grid min-w-0 grid-cols-subgrid",
};

/** Room of the lines that are not drawn; the gaps around it are the owner's. */
function Space({ height }: { height: number }) {
  if (height < 0) return null;
  return <div aria-hidden="true" className="col-span-full flex-none" style={{ height }} />;
}

function Rest({ height, gap }: { height: number; gap: number }) {
  return height > gap ? <Space height={height - gap} /> : null;
}

function meanHeight(box: HTMLElement | null | undefined): number | null {
  const lines = [...(box?.querySelectorAll<HTMLElement>(":scope > [data-index]") ?? [])];
  const heights = lines.map((line) => line.offsetHeight).filter((height) => height > 0);
  if (heights.length === 0) return null;
  return Math.round(heights.reduce((sum, height) => sum + height, 0) / heights.length);
}

function withLines(shown: number[], more: number[], count: number): number[] {
  const all = new Set([...shown, ...more.filter((line) => line >= 0 && line < count)]);
  return [...all].sort((a, b) => a - b);
}

/** Where the children are: what scrolls them, how far below its top they begin, and in how many columns. */
interface Frame {
  scroller: HTMLElement | null;
  top: number;
  columns: number;
}

function useFrame(
  start: RefObject<HTMLElement | null>,
  kind: VirtualLayout["kind"],
  setFrame: Dispatch<SetStateAction<Frame>>,
): void {
  const measure = useRef(() => {});
  measure.current = () => {
    const box = start.current?.parentElement;
    const scroller = box ? scrollerOf(box) : null;
    if (!box || !scroller) return;
    const inside = getComputedStyle(box);
    const outside = box.getBoundingClientRect().top - scroller.getBoundingClientRect().top;
    const scrolled = box === scroller ? 0 : scroller.scrollTop;
    const top =
      outside + scrolled + box.clientTop - scroller.clientTop + Number.parseFloat(inside.paddingTop);
    const columns = kind === "grid" ? inside.gridTemplateColumns.split(" ").length : 1;
    setFrame((frame) =>
      frame.scroller === scroller && Math.abs(frame.top - top) < 0.5 && frame.columns === columns
        ? frame
        : { scroller, top, columns },
    );
  };
  useLayoutEffect(() => measure.current());
  useEffect(() => {
    const box = start.current?.parentElement;
    const scroller = box ? scrollerOf(box) : null;
    if (!box || !scroller) return;
    const watch = new ResizeObserver(() => measure.current());
    watch.observe(box);
    for (const part of scroller.children) watch.observe(part);
    return () => watch.disconnect();
  }, [start]);
}

function scrollerOf(box: HTMLElement): HTMLElement | null {
  for (let element: HTMLElement | null = box; element; element = element.parentElement) {
    const { overflowY } = getComputedStyle(element);
    if (overflowY === "auto" || overflowY === "scroll") return element;
  }
  return null;
}

interface AskedRows {
  host: Pick<SurfaceHost, "range"> | null;
  id: NodeId | undefined;
  /** The rows in view. */
  first: number;
  last: number;
  keep: RowSpan | undefined;
}

/** Asks the engine for the rows in view, in steps, and before they are painted; says which it has answered. */
function useAskedRows({ host, id, first, last, keep }: AskedRows): (row: number) => boolean {
  const from = Math.max(0, Math.floor(first / ASK_ROWS) * ASK_ROWS);
  const to = Math.ceil(last / ASK_ROWS) * ASK_ROWS;
  const answered = useRef<RowSpan[]>([{ first: 0, count: VIRTUAL_FROM }]);
  const [keepFirst, keepCount] = [keep?.first, keep?.count];
  useLayoutEffect(() => {
    if (!host || id === undefined || to <= from) return;
    const rows = { first: from, count: to - from };
    const besides =
      keepFirst === undefined || keepCount === undefined ? undefined : { first: keepFirst, count: keepCount };
    answered.current = besides ? [rows, besides] : [rows];
    host.range(id, rows, besides);
  }, [host, id, from, to, keepFirst, keepCount]);
  return (row) => !host || answered.current.some(({ first, count }) => row >= first && row < first + count);
}
