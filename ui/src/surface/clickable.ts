/** Lets a node that is no control of its own be clicked, by pointer and by keyboard. */
import type { HTMLAttributes, KeyboardEvent, MouseEvent } from "react";
import type { UiNode } from "@/engine/protocol";

type Dispatch = (kind: "click") => void;
type ClickProps = Pick<HTMLAttributes<HTMLElement>, "role" | "tabIndex" | "onClick" | "onKeyDown">;

const CONTROLS = "a, button, input, label, select, textarea, [role=button], [role=tab]";

/** For a leaf: it becomes a button. */
export function clickableLeaf(node: UiNode, dispatch: Dispatch): ClickProps {
  if (!node.events.includes("click")) return {};
  return { role: "button", tabIndex: 0, onClick: () => dispatch("click"), onKeyDown: onActivate(dispatch) };
}

/** For something with children: clicks on the controls inside it are theirs alone. */
export function clickableBox(node: UiNode, dispatch: Dispatch): ClickProps {
  if (!node.events.includes("click")) return {};
  return {
    role: "group",
    tabIndex: 0,
    onClick: (event: MouseEvent<HTMLElement>) => {
      const target = event.target as Element;
      // React passes on what is clicked in a modal below it.
      if (!event.currentTarget.contains(target)) return;
      const control = target.closest(CONTROLS);
      if (!control || !event.currentTarget.contains(control) || control === event.currentTarget)
        dispatch("click");
    },
    onKeyDown: onActivate(dispatch),
  };
}

function onActivate(dispatch: Dispatch) {
  return (event: KeyboardEvent<HTMLElement>) => {
    if (event.target !== event.currentTarget) return;
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    dispatch("click");
  };
}
