import clsx from "clsx";
import { CircleCheck, CircleX, Info, TriangleAlert, X } from "lucide-react";
import type { NodeOf } from "@/engine/protocol";
import { asText } from "../look";
import { useDispatch } from "../SurfaceContext";

const TONE = {
  info: { Icon: Info, look: "bg-accent-soft text-accent-ink" },
  success: { Icon: CircleCheck, look: "bg-success-soft text-success-ink" },
  warning: { Icon: TriangleAlert, look: "bg-warning-soft text-warning-ink" },
  danger: { Icon: CircleX, look: "bg-danger-soft text-danger-ink" },
};

export function Alert({ node }: { node: NodeOf<"alert"> }) {
  const { props } = node;
  const dispatch = useDispatch(node);
  const tone = props.tone ?? "info";
  const { Icon, look } = TONE[tone];
  return (
    <div
      data-node-id={node.id}
      role={tone === "danger" || tone === "warning" ? "alert" : "status"}
      className={clsx("flex min-w-0 items-start gap-3 rounded-xl px-4 py-3", look)}
      style={props.style}
    >
      <Icon size={18} className="mt-0.5 flex-none" aria-hidden="true" />
      <div className="min-w-0 flex-1 wrap-anywhere">
        {props.title && <p className="font-semibold">{asText(props.title)}</p>}
        <p className="whitespace-pre-line">{asText(props.text)}</p>
      </div>
      {node.events.includes("close") && (
        <button
          type="button"
          className="-m-1 grid size-7 flex-none place-items-center rounded-md hover:bg-current/10"
          aria-label="Dismiss"
          onClick={() => dispatch("close")}
        >
          <X size={16} aria-hidden="true" />
        </button>
      )}
    </div>
  );
}
