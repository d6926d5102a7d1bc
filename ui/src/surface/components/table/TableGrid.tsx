/** One page of a table: its head, and its rows in a frame that scrolls. */
import clsx from "clsx";
import { useState } from "react";
import type { Row } from "@/engine/catalog";
import type { NodeOf } from "@/engine/protocol";
import type { Sorting, TableColumn } from "../../tableRows";
import type { TableSelection } from "../../useTableSelection";
import { isVirtual, TableBody } from "./TableBody";
import { TableHead } from "./TableHead";

export interface TableGridProps {
  node: NodeOf<"table">;
  label: string;
  columns: TableColumn[];
  rows: Row[];
  /** The place of the first of `rows` among all the table has. */
  first: number;
  total: number;
  selection: TableSelection;
  sorting: Sorting | null;
  onSort: ((key: string) => void) | undefined;
}

export function TableGrid(props: TableGridProps) {
  const { node, label, columns, rows, first, total, selection, sorting } = props;
  const [scroller, setScroller] = useState<HTMLElement | null>(null);
  const isGrid = selection.mode !== "none" || node.events.includes("row_click");
  const counts = isVirtual(rows) || total > rows.length;
  return (
    <div
      ref={setScroller}
      className="max-h-[28rem] overflow-auto [overflow-anchor:none]"
      tabIndex={isGrid && rows.length > 0 ? undefined : 0}
      role="region"
      aria-label={label}
    >
      <table
        className={clsx("w-full border-collapse text-sm", isVirtual(rows) && "table-fixed")}
        // Cells that come and go must not move the columns, so a long table shares its width evenly.
        style={isVirtual(rows) ? { minWidth: `${columns.length * 6}rem` } : undefined}
        role={isGrid ? "grid" : undefined}
        aria-label={label}
        aria-multiselectable={selection.mode === "many" || undefined}
        aria-rowcount={counts ? total + 1 : undefined}
      >
        <TableHead {...props} rowIndex={counts ? 1 : undefined} />
        <TableBody
          // Another page or order begins at its top.
          key={`${first} ${sorting?.key ?? ""} ${sorting?.order ?? ""}`}
          {...props}
          scroller={scroller}
          counts={counts}
        />
      </table>
    </div>
  );
}
