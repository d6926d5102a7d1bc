/** The rows of one page: those in view are in the document, and the keyboard reaches all of them. */
import { defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual";
import clsx from "clsx";
import { Fragment, type KeyboardEvent, type MouseEvent, useEffect, useRef, useState } from "react";
import type { Row } from "@/engine/catalog";
import { useDispatch } from "../../SurfaceContext";
import { cellText } from "../../tableRows";
import type { TableGridProps } from "./TableGrid";
import { CELL_ALIGN } from "./TableHead";

/** From here on only the rows in view are in the page. */
const VIRTUAL_FROM_ROWS = 50;
const ROW_HEIGHT_PX = 41;
const HEAD_HEIGHT_PX = 37;
const ROWS_A_SCREEN = 10;

interface TableBodyProps extends TableGridProps {
  /** What scrolls, once it is there. */
  scroller: HTMLElement | null;
  /** Whether rows tell their place, since not all are in the document. */
  counts: boolean;
}

export function isVirtual(rows: Row[]): boolean {
  return rows.length >= VIRTUAL_FROM_ROWS;
}

export function TableBody({ node, columns, rows, first, selection, scroller, counts }: TableBodyProps) {
  const dispatch = useDispatch(node);
  const body = useRef<HTMLTableSectionElement>(null);
  const [active, setActive] = useState(0);
  const goal = useRef<number | null>(null);
  const current = Math.min(active, rows.length - 1);
  const windowed = isVirtual(rows);
  const virtual = useVirtualizer({
    count: windowed ? rows.length : 0,
    getScrollElement: () => scroller,
    estimateSize: () => ROW_HEIGHT_PX,
    paddingStart: HEAD_HEIGHT_PX,
    scrollPaddingStart: HEAD_HEIGHT_PX,
    overscan: 12,
    // The row that holds the keyboard stays, however far it is scrolled away.
    rangeExtractor: (range) => [...new Set([...defaultRangeExtractor(range), current])].sort((a, b) => a - b),
  });
  const stretches = windowed
    ? virtual.getVirtualItems()
    : rows.map((_, index) => ({ index, start: 0, end: 0 }));
  const end = windowed ? virtual.getTotalSize() : 0;

  const tellsClick = node.events.includes("row_click");
  const isGrid = selection.mode !== "none" || tellsClick;
  const rowKey = node.props.rowKey ?? "id";

  useEffect(() => {
    if (scroller) scroller.scrollTop = 0;
  }, [scroller]);
  // Runs after the row the keyboard goes to is drawn.
  useEffect(() => {
    if (goal.current === null) return;
    const row = body.current?.querySelector<HTMLElement>(`[data-row="${goal.current}"]`);
    row?.focus({ preventScroll: windowed });
    goal.current = null;
  });

  const press = (row: Row) => {
    if (tellsClick) {
      const index = node.props.rows?.indexOf(row) ?? -1;
      dispatch("row_click", { row, key: row[rowKey] ?? null, index });
    }
    if (selection.mode === "one" || !tellsClick) selection.choose(row);
  };
  const goTo = (index: number) => {
    const next = Math.max(0, Math.min(index, rows.length - 1));
    goal.current = next;
    setActive(next);
    if (windowed) virtual.scrollToIndex(next);
    else if (next === current) body.current?.querySelector<HTMLElement>(`[data-row="${next}"]`)?.focus();
  };
  const onKeyDown = (event: KeyboardEvent, index: number, row: Row) => {
    if (event.target !== event.currentTarget || event.altKey || event.ctrlKey || event.metaKey) return;
    const steps: Record<string, () => void> = {
      ArrowDown: () => goTo(index + 1),
      ArrowUp: () => goTo(index - 1),
      PageDown: () => goTo(index + ROWS_A_SCREEN),
      PageUp: () => goTo(index - ROWS_A_SCREEN),
      Home: () => goTo(0),
      End: () => goTo(rows.length - 1),
      Enter: () => press(row),
      " ": () => (selection.mode === "none" ? press(row) : selection.choose(row)),
    };
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    step();
  };

  let reached = windowed ? HEAD_HEIGHT_PX : 0;
  return (
    <tbody ref={body}>
      {stretches.map((item) => {
        const row = rows[item.index];
        if (!row) return null;
        const gap = item.start - reached;
        reached = item.end;
        return (
          <Fragment key={String(row[rowKey] ?? first + item.index)}>
            {gap > 0 && <Spacer height={gap} />}
            <tr
              ref={windowed ? virtual.measureElement : undefined}
              data-index={item.index}
              data-row={item.index}
              className={clsx(
                "relative border-line -outline-offset-2 not-last:border-b",
                selection.has(row) && "bg-accent-soft",
                isGrid && "cursor-pointer hover:bg-surface-2",
              )}
              tabIndex={isGrid ? (item.index === current ? 0 : -1) : undefined}
              aria-rowindex={counts ? first + item.index + 2 : undefined}
              aria-selected={selection.mode === "none" ? undefined : selection.has(row)}
              onFocus={() => setActive(item.index)}
              onClick={isGrid ? (event) => !isControl(event) && press(row) : undefined}
              onKeyDown={isGrid ? (event) => onKeyDown(event, item.index, row) : undefined}
            >
              {selection.mode === "many" && (
                <td className="px-3.5 py-2.5">
                  <input
                    type="checkbox"
                    className="tick block"
                    tabIndex={-1}
                    aria-label={`Select ${cellText(row[columns[0]?.key ?? rowKey], "text")}`}
                    checked={selection.has(row)}
                    disabled={!selection.canChoose(row)}
                    onChange={() => selection.choose(row)}
                  />
                </td>
              )}
              {columns.map((column) => (
                <td
                  key={column.key}
                  className={clsx(
                    "min-w-20 px-3.5 py-2.5 wrap-break-word",
                    CELL_ALIGN[column.align],
                    column.align === "right" && "tabular-nums",
                  )}
                >
                  {cellText(row[column.key], column.format)}
                </td>
              ))}
            </tr>
          </Fragment>
        );
      })}
      {end > reached && <Spacer height={end - reached} />}
    </tbody>
  );
}

function isControl(event: MouseEvent): boolean {
  return event.target instanceof HTMLInputElement;
}

function Spacer({ height }: { height: number }) {
  return (
    <tr aria-hidden="true">
      <td style={{ height, padding: 0 }} />
    </tr>
  );
}
