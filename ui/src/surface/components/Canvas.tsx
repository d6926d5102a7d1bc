/** A sheet that is drawn on. Strokes are local until the pointer is lifted; then one change tells all of them. */
import clsx from "clsx";
import { type PointerEvent, useEffect, useRef } from "react";
import type { NodeOf } from "@/engine/protocol";
import { useCommands } from "../commands";
import { nameFromId } from "../look";
import { useDispatch } from "../SurfaceContext";

interface Point {
  x: number;
  y: number;
}

interface Stroke {
  tool: "pen" | "eraser";
  color: string;
  size: number;
  points: Point[];
}

/** Points of one stroke; a longer one goes on as the next. */
const MOST_POINTS = 2000;
const FIRST_PEN = { tool: "pen" as Stroke["tool"], color: "", size: 3 };

export function Canvas({ node }: { node: NodeOf<"canvas"> }) {
  const { props } = node;
  const dispatch = useDispatch(node);
  const sheet = useRef<HTMLCanvasElement>(null);
  const pen = useRef({ ...FIRST_PEN });
  const drawing = useRef<Stroke | null>(null);
  const mounted = useRef(false);
  const strokes = strokesOf(props.value);
  const width = props.width ?? 300;
  const height = props.height ?? 150;

  useEffect(() => {
    redraw(sheet.current, strokes);
  });
  useEffect(() => {
    if (mounted.current) return;
    mounted.current = true;
    dispatch("mount");
  });
  const tell = (all: Stroke[]) => {
    redraw(sheet.current, all);
    dispatch("change", { value: all });
  };
  useCommands(sheet, {
    init: () => {
      pen.current = { ...FIRST_PEN };
      tell([]);
    },
    clear: () => tell([]),
    draw: ({ data }) => {
      const points = pointsOf((data as { points?: unknown } | undefined)?.points);
      if (points.length === 0) throw new Error("a stroke needs points");
      tell([...strokes, { ...pen.current, points }]);
    },
    setTool: ({ tool }) => {
      pen.current.tool = tool === "eraser" ? "eraser" : "pen";
    },
    setColor: ({ color }) => {
      pen.current.color = String(color);
    },
    setBrushSize: ({ size }) => {
      pen.current.size = Number(size);
    },
  });

  const pointOf = (event: PointerEvent<HTMLCanvasElement>): Point => {
    const box = event.currentTarget.getBoundingClientRect();
    const round = (value: number) => Math.round(value * 10) / 10;
    return {
      x: round(((event.clientX - box.left) / box.width) * width),
      y: round(((event.clientY - box.top) / box.height) * height),
    };
  };
  const end = () => {
    const stroke = drawing.current;
    drawing.current = null;
    if (stroke) tell([...strokes, stroke]);
  };
  return (
    <canvas
      ref={sheet}
      data-node-id={node.id}
      role="img"
      aria-label={`${props.label || nameFromId(node.id)}, ${strokes.length} strokes`}
      width={width}
      height={height}
      className={clsx(
        "block max-w-full cursor-crosshair touch-none rounded-lg bg-surface text-ink",
        (props.bordered ?? true) && "border border-line-strong",
      )}
      style={props.style}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        drawing.current = { ...pen.current, points: [pointOf(event)] };
      }}
      onPointerMove={(event) => {
        const stroke = drawing.current;
        if (!stroke || stroke.points.length >= MOST_POINTS) return;
        stroke.points.push(pointOf(event));
        redraw(sheet.current, [...strokes, stroke]);
      }}
      onPointerUp={end}
      onPointerCancel={end}
    />
  );
}

function redraw(sheet: HTMLCanvasElement | null, strokes: Stroke[]): void {
  const context = sheet?.getContext("2d");
  if (!sheet || !context) return;
  const ink = getComputedStyle(sheet).color;
  context.clearRect(0, 0, sheet.width, sheet.height);
  context.lineCap = "round";
  context.lineJoin = "round";
  for (const stroke of strokes) {
    const [first, ...rest] = stroke.points;
    if (!first) continue;
    context.globalCompositeOperation = stroke.tool === "eraser" ? "destination-out" : "source-over";
    context.strokeStyle = stroke.color || ink;
    context.lineWidth = stroke.size;
    context.beginPath();
    context.moveTo(first.x, first.y);
    for (const point of rest.length > 0 ? rest : [first]) context.lineTo(point.x, point.y);
    context.stroke();
  }
  context.globalCompositeOperation = "source-over";
}

/** Strokes come from the state, where anything may stand. */
function strokesOf(value: unknown): Stroke[] {
  if (!Array.isArray(value)) return [];
  return value.map((stroke: Partial<Stroke> | null) => ({
    tool: stroke?.tool === "eraser" ? "eraser" : "pen",
    color: typeof stroke?.color === "string" ? stroke.color : "",
    size: typeof stroke?.size === "number" ? stroke.size : FIRST_PEN.size,
    points: pointsOf(stroke?.points),
  }));
}

function pointsOf(value: unknown): Point[] {
  if (!Array.isArray(value)) return [];
  return value
    .map((point: Partial<Point> | null) => ({ x: Number(point?.x), y: Number(point?.y) }))
    .filter((point) => Number.isFinite(point.x) && Number.isFinite(point.y))
    .slice(0, MOST_POINTS);
}
