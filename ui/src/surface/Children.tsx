/** The children of a node. Of many, only those in view are in the page. */
import { type RefObject, useLayoutEffect, useMemo, useRef } from "react";
import type { NodeId, UiNode } from "@/engine/protocol";
import { FOCUSABLE } from "./look";
import type { Flow } from "./rows/axis";
import { Rows } from "./rows/Rows";
import type { Question } from "./rows/rowWindow";
import { SurfaceNode } from "./Surface";
import { useSurface } from "./SurfaceContext";

/** From here on only the children in view are in the page. */
const LONG_FROM = 50;

interface ChildrenProps {
  node: UiNode;
  /** Whether the box around is a `list` of these. */
  listed?: boolean;
  flow?: Flow;
}

export function Children({ node, listed = false, flow = "down" }: ChildrenProps) {
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
  return <Column ids={children} places={places} total={total} listed={listed} flow={flow} range={range} />;
}

interface ColumnProps {
  ids: readonly NodeId[];
  places?: readonly number[];
  total?: number;
  listed?: boolean;
  flow?: Flow;
  range?: (question: Question) => void;
}

export function Column({
  ids,
  places,
  total = ids.length,
  listed = false,
  flow = "down",
  range,
}: ColumnProps) {
  const isLong = useIsLong(total);
  const list = useMemo(() => ({ ids, places, total }), [ids, places, total]);
  const left = useRef<FocusLeft>(null);
  const drawn = useRef(0);
  if (!isLong) drawn.current = total;
  // The rows are drawn anew when they become many, and the keyboard goes on where it was.
  useLayoutEffect(() => {
    if (isLong && left.current) giveBack(left.current);
  }, [isLong]);
  if (!isLong) return <All ids={ids} left={left} />;
  return <Rows key={flow} list={list} listed={listed} flow={flow} drawn={drawn.current} range={range} />;
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
