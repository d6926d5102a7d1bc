/** Keeps a text control and the engine's value together without ever touching the caret while a person types. */
import { type RefObject, useLayoutEffect, useRef } from "react";

type TextElement = HTMLInputElement | HTMLTextAreaElement;

interface TextControl<E extends TextElement> {
  ref: RefObject<E | null>;
  /** Shows the engine's value again; to be called when the control loses the focus. */
  settle(): void;
}

/**
 * The control is uncontrolled. The engine's value is written into it only when it changed to something
 * else than what the control already says, so a clear after submit shows and a typed `1.` stays.
 */
export function useTextControl<E extends TextElement>(value: string): TextControl<E> {
  const ref = useRef<E>(null);
  const settle = () => {
    const element = ref.current;
    if (element && !sameValue(element, value)) element.value = value;
  };
  useLayoutEffect(settle, [value]);
  return { ref, settle };
}

function sameValue(element: TextElement, value: string): boolean {
  if (element.value === value) return true;
  if (element !== document.activeElement || element.value.trim() === "" || value === "") return false;
  return element instanceof HTMLInputElement && element.type === "number"
    ? Number(element.value) === Number(value)
    : false;
}
