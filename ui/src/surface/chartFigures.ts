/** Rows and series of a chart, however the document gives them, as one table of figures. */
import type { NodeProps } from "@/engine/catalog";

export interface Series {
  key: string;
  name: string;
  color: string | null;
}

export interface Figures {
  /** `name` is the mark on the axis; every other key is a series. */
  rows: Record<string, string | number | null>[];
  series: Series[];
}

type ChartProps = Pick<NodeProps["chart"], "rows" | "x" | "series">;
type Given = { name?: unknown; key?: string; data?: unknown[]; color?: string };

export function figuresOf({ rows, x, series }: ChartProps): Figures {
  const given = listOf(series).map((one): Given => (typeof one === "string" ? { key: one } : (one as Given)));
  const named = given.map((one, index) => ({ ...one, key: one.key ?? `series ${index + 1}` }));
  if (!rows?.length && named.some((one) => one.data)) return fromLists(named, Array.isArray(x) ? x : []);
  const table = (rows ?? []).filter((row) => typeof row === "object" && row !== null);
  const keys = [...new Set(table.flatMap((row) => Object.keys(row)))];
  const axis = typeof x === "string" ? x : (keys.find((key) => !isNumeric(table, key)) ?? keys[0] ?? "name");
  const chosen =
    named.length > 0
      ? named
      : keys
          .filter((key) => key !== axis && key !== "id" && isNumeric(table, key))
          .map((key): Given & { key: string } => ({ key }));
  return {
    series: chosen.map(seriesOf),
    rows: table.map((row, index) => {
      const mark = Array.isArray(x) ? x[index] : row[axis];
      const figures: Figures["rows"][number] = { name: String(mark ?? index + 1) };
      for (const { key } of chosen) figures[key] = figureOf(row[key]);
      return figures;
    }),
  };
}

function fromLists(given: (Given & { key: string })[], marks: unknown[]): Figures {
  const length = Math.max(marks.length, ...given.map((one) => one.data?.length ?? 0));
  return {
    series: given.map(seriesOf),
    rows: Array.from({ length }, (_, index) => {
      const figures: Figures["rows"][number] = { name: String(marks[index] ?? index + 1) };
      for (const one of given) figures[one.key] = figureOf(one.data?.[index]);
      return figures;
    }),
  };
}

function seriesOf({ key, name, color }: Given & { key: string }): Series {
  return { key, name: String(name ?? key), color: color ?? null };
}

function listOf(series: ChartProps["series"]): unknown[] {
  if (series === undefined || series === null) return [];
  return Array.isArray(series) ? series : [series];
}

function isNumeric(rows: Record<string, unknown>[], key: string): boolean {
  return rows.some((row) => typeof row[key] === "number");
}

function figureOf(value: unknown): number | null {
  const figure = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof figure === "number" && Number.isFinite(figure) ? figure : null;
}
