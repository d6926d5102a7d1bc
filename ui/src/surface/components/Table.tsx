import { useMemo, useState } from "react";
import type { NodeOf } from "@/engine/protocol";
import { nameFromId } from "../look";
import { parseSorting, type Sorting, sortRows, tableColumns } from "../tableRows";
import { useTableSelection } from "../useTableSelection";
import { Pager } from "./table/Pager";
import { TableGrid } from "./table/TableGrid";

export function Table({ node }: { node: NodeOf<"table"> }) {
  const { props } = node;
  const rows = useMemo(() => (Array.isArray(props.rows) ? props.rows : []), [props.rows]);
  const columns = useMemo(() => tableColumns(props.columns, rows), [props.columns, rows]);
  const [ownSorting, setOwnSorting] = useState<Sorting | null | undefined>(undefined);
  const sorting = ownSorting === undefined ? parseSorting(props.sort) : ownSorting;
  const sorted = useMemo(() => sortRows(rows, sorting), [rows, sorting]);
  const [page, setPage] = useState(0);
  const pageSize = props.pageSize && props.pageSize > 0 ? props.pageSize : Math.max(sorted.length, 1);
  const pages = Math.max(1, Math.ceil(sorted.length / pageSize));
  const shownPage = Math.min(page, pages - 1);
  const first = shownPage * pageSize;
  const selection = useTableSelection(node, rows);

  return (
    <div
      data-node-id={node.id}
      className="min-w-0 overflow-hidden rounded-xl border border-line"
      style={props.style}
    >
      <TableGrid
        node={node}
        label={props.label ?? nameFromId(node.id)}
        columns={columns}
        rows={sorted.slice(first, first + pageSize)}
        first={first}
        total={sorted.length}
        selection={selection}
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
