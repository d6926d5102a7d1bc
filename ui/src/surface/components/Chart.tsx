/** Figures drawn; their numbers are there as a table for those who cannot see them. */
import { lazy, Suspense } from "react";
import type { NodeOf } from "@/engine/protocol";
import { figuresOf } from "../chartFigures";
import { nameFromId } from "../look";

const Plot = lazy(async () => ({ default: (await import("../Plot")).Plot }));

export function Chart({ node }: { node: NodeOf<"chart"> }) {
  const { props } = node;
  const name = props.label || nameFromId(node.id);
  const height = props.height ?? 260;
  const figures = figuresOf(props);
  const isEmpty = figures.rows.length === 0 || figures.series.length === 0;
  return (
    <figure data-node-id={node.id} className="min-w-0" style={props.style} aria-busy={props.loading === true}>
      {props.label && <figcaption className="mb-2 font-medium text-sm">{props.label}</figcaption>}
      {isEmpty || props.loading ? (
        <div
          role="img"
          aria-label={name}
          className="grid place-items-center rounded-xl bg-surface-2 text-ink-3 text-sm"
          style={{ height }}
        >
          {props.loading ? "Loading…" : (props.empty ?? "Nothing to show yet")}
        </div>
      ) : (
        <>
          <div role="img" aria-label={name} style={{ height }}>
            <Suspense fallback={<div className="size-full rounded-xl bg-surface-2" />}>
              <Plot
                kind={props.kind ?? "line"}
                figures={figures}
                height={height}
                legend={props.legend ?? true}
                axes={props.axes ?? true}
                stacked={props.stacked ?? false}
              />
            </Suspense>
          </div>
          <table className="sr-only">
            <caption>{name}</caption>
            <thead>
              <tr>
                <td />
                {figures.series.map((series) => (
                  <th key={series.key} scope="col">
                    {series.name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {figures.rows.map((row, index) => (
                <tr key={index}>
                  <th scope="row">{row.name}</th>
                  {figures.series.map((series) => (
                    <td key={series.key}>{row[series.key]}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
    </figure>
  );
}
