import clsx from "clsx";
import { X } from "lucide-react";
import { type KeyboardEvent, useId, useLayoutEffect, useRef } from "react";
import { createPortal } from "react-dom";
import type { NodeOf } from "@/engine/protocol";
import { Children } from "../Children";
import { nameFromId } from "../look";
import { firstStop, keepInside, openModal } from "../modalFocus";
import { useDispatch, useSurface } from "../SurfaceContext";

const WIDTH = {
  small: "max-w-sm",
  medium: "max-w-lg",
  large: "max-w-3xl",
  fullscreen: "h-full max-w-none",
};

/** Modal within its own window: the rest of the app rests, other windows stay usable. */
export function Modal({ node }: { node: NodeOf<"modal"> }) {
  const { overlay } = useSurface();
  if (!node.props.open) return <div data-node-id={node.id} hidden />;
  if (!overlay) return null;
  return createPortal(<OpenModal node={node} />, overlay);
}

function OpenModal({ node }: { node: NodeOf<"modal"> }) {
  const { props } = node;
  const dispatch = useDispatch(node);
  const { overlay } = useSurface();
  const box = useRef<HTMLDivElement>(null);
  const titleId = useId();

  useLayoutEffect(() => {
    if (!overlay || !box.current) return;
    return openModal(overlay, box.current, firstStop(box.current.querySelector("[data-modal-body]")));
  }, [overlay]);

  const canClose = node.events.includes("close");
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    // React passes on what happens in a modal that was opened from this one.
    if (!event.currentTarget.contains(event.target as Element)) return;
    if (event.key === "Escape" && canClose) {
      event.stopPropagation();
      dispatch("close");
    }
    if (event.key === "Tab") keepInside(event);
  };
  return (
    <div
      className={clsx(
        "pointer-events-auto z-10 flex min-h-0 animate-fade justify-center overflow-auto bg-scrim p-4 [grid-area:1/1]",
        props.centered === false ? "items-start" : "items-center",
      )}
      onMouseDown={(event) => {
        if (event.target !== event.currentTarget) return;
        event.preventDefault();
        if (canClose) dispatch("close");
      }}
    >
      <div
        ref={box}
        data-node-id={node.id}
        role="dialog"
        aria-modal="true"
        aria-labelledby={props.title ? titleId : undefined}
        aria-label={props.title ? undefined : nameFromId(node.id)}
        tabIndex={-1}
        className={clsx(
          "flex max-h-full w-full animate-rise flex-col overflow-hidden rounded-2xl border border-line bg-surface shadow-float",
          WIDTH[props.size ?? "medium"],
        )}
        style={props.style}
        onKeyDown={onKeyDown}
      >
        <div className="flex min-h-12 items-center justify-between gap-3 pt-2 pr-2 pl-5">
          <h2 id={titleId} className="font-semibold">
            {props.title}
          </h2>
          {canClose && (
            <button
              type="button"
              className="grid size-8 place-items-center rounded-lg text-ink-2 hover:bg-surface-3"
              aria-label="Close dialog"
              onClick={() => dispatch("close")}
            >
              <X size={18} aria-hidden="true" />
            </button>
          )}
        </div>
        <div
          data-modal-body
          className="surface-column flex flex-col gap-4 overflow-auto px-5 pt-2 pb-5 *:shrink-0"
        >
          <Children node={node} />
        </div>
      </div>
    </div>
  );
}
