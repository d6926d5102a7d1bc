/** The drawing itself, in a chunk of its own: the library is loaded with the first chart. */
import type { ReactElement } from "react";
import {
  Area,
  AreaChart,
  Bar,
  BarChart,
  CartesianGrid,
  Cell,
  Legend,
  Line,
  LineChart,
  Pie,
  PieChart,
  PolarAngleAxis,
  PolarGrid,
  Radar,
  RadarChart,
  ResponsiveContainer,
  Scatter,
  ScatterChart,
  Tooltip,
  XAxis,
  YAxis,
} from "recharts";
import type { Figures } from "./chartFigures";

export interface PlotProps {
  kind: "line" | "bar" | "area" | "pie" | "donut" | "scatter" | "radar";
  figures: Figures;
  height: number;
  legend: boolean;
  axes: boolean;
  stacked: boolean;
}

/** Told apart also by those who see few colours: they differ in lightness as well. */
const COLORS = ["#4a74e8", "#e08a1e", "#1f9d6b", "#c5497a", "#7b5bd6", "#2aa3b8", "#9a6b2f", "#7a8699"];
const MARK = { fill: "var(--ink-3)", fontSize: 12 };
/** Wide enough for every mark in its short form: 160K, -2.5M. */
const MARKS_PX = 46;
const SHORT = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 3 });
const FULL = new Intl.NumberFormat("en-US", { maximumFractionDigits: 10 });
const MARGIN = { top: 8, right: 12, bottom: 0, left: 0 };

export function Plot(props: PlotProps) {
  return (
    <ResponsiveContainer width="100%" height={props.height}>
      {drawn(props)}
    </ResponsiveContainer>
  );
}

function drawn({ kind, figures, legend, axes, stacked }: PlotProps): ReactElement {
  const { rows, series } = figures;
  const color = (index: number) => series[index]?.color ?? shade(index);
  const stack = stacked ? "all" : undefined;
  const told = [
    <Tooltip
      key="tooltip"
      isAnimationActive={false}
      formatter={(value) => (typeof value === "number" ? FULL.format(value) : value)}
      itemStyle={{ color: "var(--ink)" }}
      contentStyle={{
        background: "var(--surface)",
        border: "1px solid var(--line)",
        borderRadius: 10,
        color: "var(--ink)",
      }}
      cursor={{ fill: "var(--surface-3)", stroke: "var(--line-strong)" }}
    />,
    legend && (
      <Legend
        key="legend"
        itemSorter={null}
        wrapperStyle={{ fontSize: 13 }}
        formatter={(name) => <span className="text-ink-2">{name}</span>}
      />
    ),
  ];
  const frame = axes && [
    <CartesianGrid key="grid" stroke="var(--line)" vertical={false} />,
    <XAxis key="x" dataKey="name" tick={MARK} stroke="var(--line-strong)" tickLine={false} />,
    <YAxis
      key="y"
      tick={MARK}
      tickFormatter={mark}
      stroke="var(--line-strong)"
      tickLine={false}
      axisLine={false}
      width={MARKS_PX}
    />,
  ];
  switch (kind) {
    case "bar":
      return (
        <BarChart data={rows} margin={MARGIN}>
          {frame}
          {told}
          {series.map(({ key, name }, index) => (
            <Bar
              key={key}
              dataKey={key}
              name={name}
              fill={color(index)}
              stackId={stack}
              radius={stacked ? 0 : [4, 4, 0, 0]}
              isAnimationActive={false}
            />
          ))}
        </BarChart>
      );
    case "area":
      return (
        <AreaChart data={rows} margin={MARGIN}>
          {frame}
          {told}
          {series.map(({ key, name }, index) => (
            <Area
              key={key}
              dataKey={key}
              name={name}
              stroke={color(index)}
              fill={color(index)}
              fillOpacity={0.25}
              stackId={stack}
              isAnimationActive={false}
            />
          ))}
        </AreaChart>
      );
    case "pie":
    case "donut":
      return (
        <PieChart>
          {told}
          <Pie
            data={rows}
            dataKey={series[0]?.key ?? ""}
            nameKey="name"
            innerRadius={kind === "donut" ? "55%" : 0}
            outerRadius="85%"
            stroke="var(--surface)"
            isAnimationActive={false}
          >
            {rows.map((row, index) => (
              <Cell key={`${row.name} ${index}`} fill={shade(index)} />
            ))}
          </Pie>
        </PieChart>
      );
    case "scatter":
      return (
        <ScatterChart margin={MARGIN}>
          {axes && [
            <CartesianGrid key="grid" stroke="var(--line)" />,
            <XAxis
              key="x"
              dataKey="name"
              type={isNumbers(rows) ? "number" : "category"}
              tick={MARK}
              stroke="var(--line-strong)"
              allowDuplicatedCategory={false}
            />,
            <YAxis key="y" tick={MARK} tickFormatter={mark} stroke="var(--line-strong)" width={MARKS_PX} />,
          ]}
          {told}
          {series.map(({ key, name }, index) => (
            <Scatter
              key={key}
              data={rows.map((row) => ({
                name: isNumbers(rows) ? Number(row.name) : row.name,
                [key]: row[key],
              }))}
              dataKey={key}
              name={name}
              fill={color(index)}
              isAnimationActive={false}
            />
          ))}
        </ScatterChart>
      );
    case "radar":
      return (
        <RadarChart data={rows} outerRadius="62%">
          <PolarGrid stroke="var(--line)" />
          {axes && <PolarAngleAxis dataKey="name" tick={MARK} />}
          {told}
          {series.map(({ key, name }, index) => (
            <Radar
              key={key}
              dataKey={key}
              name={name}
              stroke={color(index)}
              fill={color(index)}
              fillOpacity={0.25}
              isAnimationActive={false}
            />
          ))}
        </RadarChart>
      );
    case "line":
      return (
        <LineChart data={rows} margin={MARGIN}>
          {frame}
          {told}
          {series.map(({ key, name }, index) => (
            <Line
              key={key}
              dataKey={key}
              name={name}
              stroke={color(index)}
              strokeWidth={2}
              dot={rows.length <= 30}
              connectNulls
              isAnimationActive={false}
            />
          ))}
        </LineChart>
      );
  }
}

/** A value beside the axis, in its short form where it is a number. */
function mark(value: unknown): string {
  return typeof value === "number" ? SHORT.format(value) : String(value);
}

function shade(index: number): string {
  return COLORS[index % COLORS.length] ?? "var(--accent)";
}

function isNumbers(rows: Figures["rows"]): boolean {
  return rows.every((row) => Number.isFinite(Number(row.name)));
}
