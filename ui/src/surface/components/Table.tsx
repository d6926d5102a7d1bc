import { useVirtualizer } from "@tanstack/react-virtual";
import clsx from "clsx";
import { ArrowDown, ArrowUp, ChevronLeft, ChevronRight } from "lucide-react";
import { useMemo, useRef, useState } from "react";
import type { Row } from "@/engine/catalog";
import type { NodeOf } from "@/engine/protocol";
import { nameFromId } from "../look";
import { useDispatch } from "../SurfaceContext";
import { cellText, parseSorting, type Sorting, sortRows, type TableColumn, tableColumns } from "../tableRows";

/** From here on only the rows in view are in the page. */
const VIRTUAL_FROM_ROWS = 200;
const ROW_HEIGHT_PX = 41;
const ALIGN = { left: "text-left", center: "text-center", right: "text-right" };

export function Table({ node }: { node: NodeOf<"table"> }) {
  const { props } = node;
  const rows = useMemo(() => (Array.isArray(props.rows) ? props.rows : []), [props.rows]);
  const columns = useMemo(() => tableColumns(props.columns, rows), [props.columns, rows]);
  const [ownSorting, setOwnSorting] = useState<Sorting | null | undefined>(undefined);
  const sorting = ownSorting === undefined ? parseSorting(props.sort) : ownSorting;
  const sorted = useMemo(() => sortRows(rows, sorting), [rows, sorting]);
  const [page, setPage] = useState(0);
  const pageSize = props.pageSize && props.pageSize > 0 ? props.pageSize : sorted.length;
  const pages = Math.max(1, Math.ceil(sorted.length / Math.max(pageSize, 1)));
  const shownPage = Math.min(page, pages - 1);
  const shown = sorted.slice(shownPage * pageSize, (shownPage + 1) * pageSize);
  const label = props.label ?? nameFromId(node.id);

  return (
    <div
      data-node-id={node.id}
      className="min-w-0 overflow-hidden rounded-xl border border-line"
      style={props.style}
    >
      <Rows
        node={node}
        label={label}
        columns={columns}
        rows={shown}
        sorting={sorting}
        onSort={props.sortable === false ? undefined : (key) => setOwnSorting(nextSorting(sorting, key))}
      />
      {rows.length === 0 && (
        <p className="px-4 py-8 text-center text-ink-3 text-sm">{props.empty ?? "Nothing here yet"}</p>
      )}
      {pages > 1 && <Pager page={shownPage} pages={pages} onPage={setPage} />}
    </div>
  );
}

function nextSorting(sorting: Sorting | null, key: string): Sorting | null {
  if (sorting?.key !== key) return { key, order: "asc" };
  return sorting.order === "asc" ? { key, order: "desc" } : null;
}

interface RowsProps {
  node: NodeOf<"table">;
  label: string;
  columns: TableColumn[];
  rows: Row[];
  sorting: Sorting | null;
  onSort: ((key: string) => void) | undefined;
}

function Rows({ node, label, columns, rows, sorting, onSort }: RowsProps) {
  const dispatch = useDispatch(node);
  const scroller = useRef<HTMLDivElement>(null);
  const isVirtual = rows.length >= VIRTUAL_FROM_ROWS;
  const virtual = useVirtualizer({
    count: isVirtual ? rows.length : 0,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT_PX,
    overscan: 12,
  });
  const items = virtual.getVirtualItems();
  const first = isVirtual ? (items[0]?.index ?? 0) : 0;
  const last = isVirtual ? (items.at(-1)?.index ?? -1) : rows.length - 1;
  const above = isVirtual ? (items[0]?.start ?? 0) : 0;
  const below = isVirtual ? virtual.getTotalSize() - (items.at(-1)?.end ?? 0) : 0;

  const rowKey = node.props.rowKey ?? "id";
  const canSelect = node.events.includes("change");
  const canClick = canSelect || node.events.includes("row_click");
  const choose = (row: Row) => {
    const key = row[rowKey] ?? null;
    dispatch("row_click", { row, key, index: node.props.rows?.indexOf(row) ?? -1 });
    if (canSelect) dispatch("change", { value: key });
  };
  return (
    <div
      ref={scroller}
      className="max-h-[28rem] overflow-auto [overflow-anchor:none]"
      tabIndex={0}
      role="region"
      aria-label={label}
    >
      <table
        className="w-full border-collapse text-sm"
        aria-label={label}
        aria-rowcount={isVirtual ? rows.length + 1 : undefined}
      >
        <thead className="sticky top-0 z-1 bg-surface-2">
          <tr aria-rowindex={isVirtual ? 1 : undefined}>
            {columns.map((column) => (
              <HeaderCell key={column.key} column={column} sorting={sorting} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody>
          {above > 0 && <Spacer height={above} columns={columns.length} />}
          {rows.slice(first, last + 1).map((row, offset) => (
            <BodyRow
              key={String(row[rowKey] ?? first + offset)}
              row={row}
              columns={columns}
              rowIndex={isVirtual ? first + offset + 2 : undefined}
              selected={canSelect ? row[rowKey] === node.props.selected : undefined}
              onChoose={canClick ? () => choose(row) : undefined}
            />
          ))}
          {below > 0 && <Spacer height={below} columns={columns.length} />}
        </tbody>
      </table>
    </div>
  );
}

interface HeaderCellProps {
  column: TableColumn;
  sorting: Sorting | null;
  onSort: ((key: string) => void) | undefined;
}

function HeaderCell({ column, sorting, onSort }: HeaderCellProps) {
  const order = sorting?.key === column.key ? sorting.order : null;
  const className = clsx("border-line border-b px-3.5 py-2 font-medium text-ink-2", ALIGN[column.align]);
  if (!onSort) {
    return (
      <th scope="col" className={className}>
        {column.label}
      </th>
    );
  }
  return (
    <th
      scope="col"
      className={className}
      aria-sort={order === null ? "none" : order === "asc" ? "ascending" : "descending"}
    >
      <button
        type="button"
        className="-mx-1.5 inline-flex min-h-6 items-center gap-1 rounded-md px-1.5 hover:text-ink"
        onClick={() => onSort(column.key)}
      >
        {column.label}
        {order === "asc" && <ArrowUp size={14} aria-hidden="true" />}
        {order === "desc" && <ArrowDown size={14} aria-hidden="true" />}
      </button>
    </th>
  );
}

/** A row is chosen by a click anywhere on it; for the keyboard its first cell is a button. */
interface BodyRowProps {
  row: Row;
  columns: TableColumn[];
  rowIndex: number | undefined;
  selected: boolean | undefined;
  onChoose: (() => void) | undefined;
}

function BodyRow({ row, columns, rowIndex, selected, onChoose }: BodyRowProps) {
  return (
    <tr
      className={clsx(
        "relative border-line not-last:border-b",
        selected && "bg-accent-soft",
        onChoose && "cursor-pointer hover:bg-surface-2",
      )}
      aria-rowindex={rowIndex}
      aria-current={selected || undefined}
      onClick={onChoose}
    >
      {columns.map((column, index) => (
        <td
          key={column.key}
          className={clsx(
            "min-w-20 px-3.5 py-2.5 wrap-break-word",
            ALIGN[column.align],
            column.align === "right" && "tabular-nums",
          )}
        >
          {index === 0 && onChoose ? (
            <button type="button" className="min-h-6 rounded-sm text-left outline-offset-4">
              {cellText(row[column.key], column.format)}
            </button>
          ) : (
            cellText(row[column.key], column.format)
          )}
        </td>
      ))}
    </tr>
  );
}

function Spacer({ height, columns }: { height: number; columns: number }) {
  return (
    <tr aria-hidden="true">
      <td colSpan={columns} style={{ height, padding: 0 }} />
    </tr>
  );
}

function Pager({ page, pages, onPage }: { page: number; pages: number; onPage(page: number): void }) {
  const step = "grid size-8 place-items-center rounded-lg hover:bg-surface-3 disabled:opacity-40";
  return (
    <div className="flex items-center justify-end gap-2 border-line border-t px-3 py-1.5 text-ink-2 text-sm">
      <button
        type="button"
        className={step}
        aria-label="Previous page"
        disabled={page === 0}
        onClick={() => onPage(page - 1)}
      >
        <ChevronLeft size={16} aria-hidden="true" />
      </button>
      <span className="tabular-nums" aria-live="polite">
        Page {page + 1} of {pages}
      </span>
      <button
        type="button"
        className={step}
        aria-label="Next page"
        disabled={page === pages - 1}
        onClick={() => onPage(page + 1)}
      >
        <ChevronRight size={16} aria-hidden="true" />
      </button>
    </div>
  );
}
