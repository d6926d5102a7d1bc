import clsx from "clsx";
import { ArrowDown, ArrowUp } from "lucide-react";
import type { Sorting, TableColumn } from "../../tableRows";
import type { TableSelection } from "../../useTableSelection";

export const CELL_ALIGN = { left: "text-left", center: "text-center", right: "text-right" };

interface TableHeadProps {
  columns: TableColumn[];
  selection: TableSelection;
  sorting: Sorting | null;
  onSort: ((key: string) => void) | undefined;
  rowIndex: number | undefined;
}

export function TableHead({ columns, selection, sorting, onSort, rowIndex }: TableHeadProps) {
  return (
    <thead className="sticky top-0 z-1 bg-surface-2">
      <tr aria-rowindex={rowIndex}>
        {selection.mode === "many" && (
          <th scope="col" className="w-11 border-line border-b px-3.5 py-2">
            <input
              ref={(box) => {
                if (box) box.indeterminate = selection.extent === "some";
              }}
              type="checkbox"
              className="tick block"
              aria-label="Select all rows"
              checked={selection.extent === "all"}
              onChange={selection.chooseAll}
            />
          </th>
        )}
        {columns.map((column) => (
          <HeaderCell key={column.key} column={column} sorting={sorting} onSort={onSort} />
        ))}
      </tr>
    </thead>
  );
}

interface HeaderCellProps {
  column: TableColumn;
  sorting: Sorting | null;
  onSort: ((key: string) => void) | undefined;
}

function HeaderCell({ column, sorting, onSort }: HeaderCellProps) {
  const order = sorting?.key === column.key ? sorting.order : null;
  const className = clsx("border-line border-b px-3.5 py-2 font-medium text-ink-2", CELL_ALIGN[column.align]);
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
