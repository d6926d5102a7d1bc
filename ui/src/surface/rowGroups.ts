/** The rows of a long list of children: which children each one has, and which rows are there. */
import type { NodeId } from "@/engine/protocol";

/** What lists children: a node, or the surface for its roots. */
export interface ChildList {
  children: readonly NodeId[];
  /** Rows of an `each`, of which `children` may hold a part. */
  total?: number;
  /** The place of each child's row. */
  rows?: readonly number[];
}

export interface RowGroups {
  count: number;
  /** The children of a row that is there; a row none of whose children is visible has none. */
  of(row: number): readonly NodeId[];
  /** The row a child stands in. */
  rowOf(child: NodeId): number | undefined;
}

export function rowGroups({ children, total, rows }: ChildList): RowGroups {
  const count = total ?? children.length;
  const groups = new Map<number, NodeId[]>();
  const places = new Map<NodeId, number>();
  children.forEach((child, index) => {
    const row = rows?.[index] ?? index;
    places.set(child, row);
    const group = groups.get(row);
    if (group) group.push(child);
    else groups.set(row, [child]);
  });
  return { count, of: (row) => groups.get(row) ?? NONE, rowOf: (child) => places.get(child) };
}

const NONE: readonly NodeId[] = [];
