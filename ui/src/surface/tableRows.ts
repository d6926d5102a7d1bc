/** Sorting and wording of table cells. */
import type { Column, Row } from "@/engine/catalog";
import { asText, nameFromId } from "./look";

export interface TableColumn {
  key: string;
  label: string;
  align: "left" | "center" | "right";
  format: "text" | "number" | "currency" | "percent" | "date";
}

export interface Sorting {
  key: string;
  order: "asc" | "desc";
}

/** Amounts are written as the filters of the app language write them. */
const NUMBER = new Intl.NumberFormat("en-US", { maximumFractionDigits: 10 });
const MONEY = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" });
const PERCENT = new Intl.NumberFormat("en-US", { style: "percent", maximumFractionDigits: 1 });
const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeZone: "UTC" });

/** The columns as written, or one for each key of the first row. */
export function tableColumns(columns: Column[] | undefined, rows: Row[]): TableColumn[] {
  const written: Column[] = columns?.length ? columns : Object.keys(rows[0] ?? {});
  return written.map((column) => {
    const {
      key,
      label,
      align,
      format = "text",
    } = typeof column === "string" ? { key: column } : { ...column };
    const isAmount = format === "number" || format === "currency" || format === "percent";
    return { key, label: label ?? nameFromId(key), align: align ?? (isAmount ? "right" : "left"), format };
  });
}

export function cellText(value: unknown, format: TableColumn["format"]): string {
  if (value === null || value === undefined || value === "") return "–";
  if (typeof value === "boolean") return value ? "Yes" : "No";
  const amount = typeof value === "number" ? value : Number(value);
  switch (format) {
    case "number":
      return Number.isFinite(amount) ? NUMBER.format(amount) : asText(value);
    case "currency":
      return Number.isFinite(amount) ? MONEY.format(amount) : asText(value);
    case "percent":
      return Number.isFinite(amount) ? PERCENT.format(amount) : asText(value);
    case "date": {
      const time = Date.parse(asText(value));
      return Number.isNaN(time) ? asText(value) : DAY.format(time);
    }
    case "text":
      return asText(value);
  }
}

export function sortRows(rows: Row[], sorting: Sorting | null): Row[] {
  if (!sorting) return rows;
  const direction = sorting.order === "asc" ? 1 : -1;
  return [...rows].sort((a, b) => direction * compare(a[sorting.key], b[sorting.key]));
}

/** One collator for all: comparing with a fresh one takes seconds over ten thousand rows. */
const WORDS = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

function compare(a: unknown, b: unknown): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return WORDS.compare(asText(a), asText(b));
}

/** A sort as documents write it: `"title"`, `"-rating"` or `{key, order}`. */
export function parseSorting(sort: unknown): Sorting | null {
  if (typeof sort === "string" && sort !== "") {
    return sort.startsWith("-") ? { key: sort.slice(1), order: "desc" } : { key: sort, order: "asc" };
  }
  if (typeof sort === "object" && sort !== null && "key" in sort && typeof sort.key === "string") {
    return { key: sort.key, order: "order" in sort && sort.order === "desc" ? "desc" : "asc" };
  }
  return null;
}
