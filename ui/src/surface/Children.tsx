/** The children of a node. Of many, only those in view are in the page. */
import { type RefObject, useEffect, useLayoutEffect, useMemo, useRef } from "react";
import type { NodeId, UiNode } from "@/engine/protocol";
import { FOCUSABLE } from "./look";
import { Rows } from "./rows/Rows";
import type { Question } from "./rows/rowWindow";
import { SurfaceNode } from "./Surface";
import { useSurface } from "./SurfaceContext";

/** From here on only the children in view are in the page. */
const LONG_FROM = 50;
const ROWS_A_STEP = 50;

interface ChildrenProps {
  node: UiNode;
  /** Whether the box around is a `list` of these. */
  listed?: boolean;
  /** Whether they stand beside one another and wrap, and not below one another or in a grid. */
  wraps?: boolean;
}

export function Children({ node, listed = false, wraps = false }: ChildrenProps) {
  const { host } = useSurface();
  const { id, children, places, total } = node;
  const isRepeated = total !== undefined;
  const range = useMemo(
    () =>
      isRepeated && host
        ? ({ first, count, keep }: Question) => host.range(id, first, count, keep)
        : undefined,
    [host, id, isRepeated],
  );
  return <Column ids={children} places={places} total={total} listed={listed} wraps={wraps} range={range} />;
}

interface ColumnProps {
  ids: readonly NodeId[];
  places?: readonly number[];
  total?: number;
  listed?: boolean;
  wraps?: boolean;
  range?: (question: Question) => void;
}

export function Column({
  ids,
  places,
  total = ids.length,
  listed = false,
  wraps = false,
  range,
}: ColumnProps) {
  const isLong = useIsLong(total);
  const list = useMemo(() => ({ ids, places, total }), [ids, places, total]);
  const left = useRef<FocusLeft>(null);
  // The rows are drawn anew when they become many, and the keyboard goes on where it was.
  useLayoutEffect(() => {
    if (isLong && left.current) giveBack(left.current);
  }, [isLong]);
  if (!isLong) return <All ids={ids} left={left} />;
  return <Rows key={String(wraps)} list={list} listed={listed} wraps={wraps} range={range} />;
}

/** What was long stays drawn in rows when it gets short, or its controls would lose the keyboard on the way. */
export function useIsLong(total: number): boolean {
  const wasLong = useRef(false);
  wasLong.current ||= total >= LONG_FROM;
  return wasLong.current;
}

function All({ ids, left }: { ids: readonly NodeId[]; left?: RefObject<FocusLeft | null> }) {
  useLayoutEffect(() => {
    if (!left) return;
    return () => {
      left.current = focusLeft();
    };
  }, [left]);
  return ids.map((id) => <SurfaceNode key={id} id={id} />);
}

/** The control that held the keyboard, and what was selected in it. */
interface FocusLeft {
  node: string;
  selection: [number, number] | null;
}

function focusLeft(): FocusLeft | null {
  const control = document.activeElement;
  const node = control?.closest<HTMLElement>("[data-node-id]")?.dataset.nodeId;
  if (node === undefined) return null;
  const isText = control instanceof HTMLInputElement || control instanceof HTMLTextAreaElement;
  if (!isText || control.selectionStart === null) return { node, selection: null };
  return { node, selection: [control.selectionStart, control.selectionEnd ?? control.selectionStart] };
}

function giveBack({ node, selection }: FocusLeft): void {
  if (document.activeElement !== document.body) return;
  const drawn = document.querySelector<HTMLElement>(`[data-node-id="${CSS.escape(node)}"]`);
  const control = drawn?.matches(FOCUSABLE) ? drawn : drawn?.querySelector<HTMLElement>(FOCUSABLE);
  control?.focus({ preventScroll: true });
  if (selection && (control instanceof HTMLInputElement || control instanceof HTMLTextAreaElement)) {
    control.setSelectionRange(...selection);
  }
}

/** Children in a single line: all are drawn, those of an `each` as its end comes near. */
export function SingleLine({ node }: { node: UiNode }) {
  const known = (node.places?.at(-1) ?? node.children.length - 1) + 1;
  return (
    <>
      <All ids={node.children} />
      {(node.total ?? 0) > known && <MoreRows key={known} node={node} known={known} />}
    </>
  );
}

function MoreRows({ node, known }: { node: UiNode; known: number }) {
  const { host } = useSurface();
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!end.current || !host) return;
    const watch = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting) host.range(node.id, 0, known + ROWS_A_STEP);
      },
      { rootMargin: "400px" },
    );
    watch.observe(end.current);
    return () => watch.disconnect();
  }, [host, node.id, known]);
  return (
    <div ref={end} className="py-2 text-center text-ink-3 text-sm">
      {known} of {node.total}
    </div>
  );
}
