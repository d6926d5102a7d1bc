/** Where the keyboard is while modals of an app are open, and where it goes when they close. */
import type { KeyboardEvent } from "react";

const STOPS = [
  "a[href]",
  "button:not(:disabled)",
  "input:not(:disabled)",
  "select:not(:disabled)",
  "textarea:not(:disabled)",
  "audio[controls]",
  "video[controls]",
  "iframe",
  '[tabindex="0"]',
].join(", ");

interface OpenModal {
  box: HTMLElement;
  /** What held the keyboard before. */
  opener: HTMLElement | null;
}

/** The open modals of each overlay, the uppermost last. */
const open = new WeakMap<HTMLElement, OpenModal[]>();

/** Puts the keyboard into a modal that opens, on `first` if there is one; gives the end of it. */
export function openModal(overlay: HTMLElement, box: HTMLElement, first: HTMLElement | null): () => void {
  const modals = open.get(overlay) ?? [];
  open.set(overlay, modals);
  const active = document.activeElement instanceof HTMLElement ? document.activeElement : null;
  const modal = { box, opener: active };
  modals.push(modal);
  // Whoever works in another window goes on there.
  if (!active || active === document.body || windowOf(active) === windowOf(overlay)) (first ?? box).focus();
  settle(overlay, modals);
  return () => {
    const held = document.activeElement === document.body || box.contains(document.activeElement);
    const above = modals[modals.indexOf(modal) + 1];
    modals.splice(modals.indexOf(modal), 1);
    settle(overlay, modals);
    // One that was opened from here gives the keyboard back to where this one would have.
    if (above && box.contains(above.opener)) above.opener = modal.opener;
    else if (held) giveBack(modal.opener, overlay);
  };
}

/** Only the uppermost of what an app shows can be used. */
function settle(overlay: HTMLElement, modals: OpenModal[]): void {
  overlay.previousElementSibling?.toggleAttribute("inert", modals.length > 0);
  for (const { box } of modals) box.parentElement?.toggleAttribute("inert", box !== modals.at(-1)?.box);
}

function giveBack(opener: HTMLElement | null, overlay: HTMLElement): void {
  opener?.focus();
  if (document.activeElement !== opener) windowOf(overlay)?.focus({ preventScroll: true });
}

function windowOf(element: HTMLElement): HTMLElement | null {
  return element.closest<HTMLElement>("[data-window-key]");
}

/** The first control that Tab reaches in there. */
export function firstStop(within: HTMLElement | null): HTMLElement | null {
  return stops(within)[0] ?? null;
}

/** Has Tab go round within the modal. */
export function keepInside(event: KeyboardEvent<HTMLElement>): void {
  const box = event.currentTarget;
  const reached = stops(box);
  const [first, last] = [reached[0], reached.at(-1)];
  const active = document.activeElement;
  const leaves = event.shiftKey ? active === first || active === box : active === last;
  if (first && last && !leaves) return;
  event.preventDefault();
  (event.shiftKey ? last : first)?.focus();
}

function stops(within: HTMLElement | null): HTMLElement[] {
  const found = [...(within?.querySelectorAll<HTMLElement>(STOPS) ?? [])];
  return found.filter(
    (element) =>
      element.tabIndex >= 0 && element.getClientRects().length > 0 && isStopOfGroup(element, found),
  );
}

/** Of the radio buttons of one name only the checked one is a stop, or the first when none is. */
function isStopOfGroup(element: HTMLElement, all: HTMLElement[]): boolean {
  if (!(element instanceof HTMLInputElement) || element.type !== "radio" || element.checked) return true;
  const group = all.filter((other) => other instanceof HTMLInputElement && other.name === element.name);
  const checked = group.some((other) => other instanceof HTMLInputElement && other.checked);
  return !checked && group[0] === element;
}
