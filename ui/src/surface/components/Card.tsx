import clsx from "clsx";
import type { NodeOf } from "@/engine/protocol";
import { Children } from "../Children";
import { clickableBox } from "../clickable";
import { asText, paddingOf } from "../look";
import { useDispatch } from "../SurfaceContext";

const VARIANT = {
  default: "border-line bg-surface shadow-control",
  outline: "border-line-strong/60",
  filled: "border-transparent bg-surface-2",
};

export function Card({ node }: { node: NodeOf<"card"> }) {
  const { props } = node;
  const dispatch = useDispatch(node);
  const [title, subtitle, footer] = [asText(props.title), asText(props.subtitle), asText(props.footer)];
  return (
    <div
      data-node-id={node.id}
      className={clsx(
        "surface-column flex min-w-0 flex-col gap-3 rounded-xl border",
        VARIANT[props.variant ?? "default"],
        node.events.includes("click") && "cursor-pointer transition-colors hover:border-line-strong",
      )}
      style={{ padding: paddingOf(props.padding, "medium"), ...props.style }}
      {...clickableBox(node, dispatch)}
      role="group"
      aria-label={props.label ?? (title || undefined)}
    >
      {(title || subtitle) && (
        <div>
          {title && <h3 className="font-semibold leading-snug">{title}</h3>}
          {subtitle && <p className="text-ink-3 text-sm">{subtitle}</p>}
        </div>
      )}
      <Children node={node} />
      {footer && <p className="border-line border-t pt-3 text-ink-3 text-sm">{footer}</p>}
    </div>
  );
}
