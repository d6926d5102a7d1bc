/** Which rows of a table are chosen, and what choosing one tells the engine. */
import type { Row } from "@/engine/catalog";
import type { NodeOf } from "@/engine/protocol";
import { useDispatch } from "./SurfaceContext";

type Key = string | number | boolean;

export interface TableSelection {
  /** `none` also where the document takes no choice. */
  mode: "none" | "one" | "many";
  /** How many of all rows are chosen. */
  extent: "none" | "some" | "all";
  has(row: Row): boolean;
  /** A row without a key cannot be told apart, so it cannot be one of many. */
  canChoose(row: Row): boolean;
  /** Chooses the row; of many it is added, or taken away again. */
  choose(row: Row): void;
  chooseAll(): void;
}

export function useTableSelection(node: NodeOf<"table">, rows: Row[]): TableSelection {
  const dispatch = useDispatch(node);
  const { props } = node;
  const tells = node.events.includes("change") ? "change" : "select";
  const mode = node.events.includes(tells) ? (props.selection ?? "one") : "none";
  const chosen = keysOf(props.selected);
  const rowKey = props.rowKey ?? "id";
  const keyOf = (row: Row) => asKey(row[rowKey]);
  const has = (row: Row) => {
    const key = keyOf(row);
    return mode !== "none" && key !== null && chosen.has(key);
  };
  const canChoose = (row: Row) => mode === "one" || (mode === "many" && keyOf(row) !== null);
  const tell = (key: Key | null, keys: Key[]) =>
    dispatch(tells, { value: mode === "many" ? keys : key, key, keys });
  const keyed = mode === "many" ? rows.map(keyOf).filter((key) => key !== null) : [];
  const held = keyed.filter((key) => chosen.has(key)).length;
  const extent = held === 0 ? "none" : held === keyed.length ? "all" : "some";
  return {
    mode,
    extent,
    has,
    canChoose,
    choose(row) {
      if (!canChoose(row)) return;
      const key = keyOf(row);
      if (mode === "one" || key === null) return tell(key, key === null ? [] : [key]);
      const others = [...chosen].filter((other) => other !== key);
      tell(key, chosen.has(key) ? others : [...others, key]);
    },
    chooseAll() {
      tell(null, extent === "all" ? [] : keyed);
    },
  };
}

function keysOf(selected: unknown): Set<Key> {
  const keys = (Array.isArray(selected) ? selected : [selected]).map(asKey);
  return new Set(keys.filter((key) => key !== null));
}

function asKey(value: unknown): Key | null {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : null;
}
