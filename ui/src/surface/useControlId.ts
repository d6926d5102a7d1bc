/** Gives a control the id of its component, when no other element of the page has it. */
import { type RefObject, useLayoutEffect } from "react";

export function useControlId(control: RefObject<HTMLElement | null>, id: string): void {
  useLayoutEffect(() => {
    const element = control.current;
    if (!element || document.getElementById(id)) return;
    element.id = id;
    return () => element.removeAttribute("id");
  }, [control, id]);
}
