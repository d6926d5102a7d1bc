/** Commands from the app's actions to a component that is drawn: play, draw, go back. */
import { type RefObject, useEffect, useRef } from "react";
import type { ComponentCommand } from "@/engine/shell";

const COMMAND = "agentos:command";

/** What a component does on a command of that name. */
export type Commands = Record<string, (args: ComponentCommand["args"]) => void | Promise<void>>;

interface Delivery {
  command: ComponentCommand;
  done?: Promise<void>;
}

/** Whether the component took the command; rejects when it could not carry it out. */
export async function sendCommand(node: Element, command: ComponentCommand): Promise<boolean> {
  const delivery: Delivery = { command };
  node.dispatchEvent(new CustomEvent<Delivery>(COMMAND, { detail: delivery }));
  if (!delivery.done) return false;
  await delivery.done;
  return true;
}

/** Takes commands for the element while it is drawn. */
export function useCommands(element: RefObject<Element | null>, commands: Commands): void {
  const latest = useRef(commands);
  latest.current = commands;
  useEffect(() => {
    const node = element.current;
    const take = (event: Event) => {
      const delivery = (event as CustomEvent<Delivery>).detail;
      const run = latest.current[delivery.command.name];
      if (run) delivery.done = Promise.resolve().then(() => run(delivery.command.args));
    };
    node?.addEventListener(COMMAND, take);
    return () => node?.removeEventListener(COMMAND, take);
    // Without dependencies: what is not loaded at first has its element later.
  });
}
