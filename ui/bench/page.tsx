/** A click on a calculator's key, as the desktop draws it and as plain memoised React would. */
import { type ComponentType, memo, useCallback, useState } from "react";
import { flushSync } from "react-dom";
import { createRoot } from "react-dom/client";
import { AppHost } from "@/engine/appHost";
import { loadEngine } from "@/engine/loadEngine";
import type { UiSpec } from "@/engine/protocol";
import { registry } from "@/surface/registry";
import { Surface } from "@/surface/Surface";
import { calculatorBeside } from "./documents.mjs";

interface Measured {
  /** Median time from the click to the changed DOM, in microseconds. */
  microseconds: number;
  /** Components React rendered for one click, on average. */
  renders: number;
}

declare global {
  interface Window {
    measureDesktop(others: number): Promise<Measured>;
    measurePlainReact(others: number): Promise<Measured>;
  }
}

const WARM_UP = 1500;
const CLICKS = 100;
const ROUNDS = 9;

let renders = 0;

/** Every kind of the surface, counting how often it renders. */
function countRenders(): void {
  const views = registry as Record<string, ComponentType<{ node: never }>>;
  for (const [kind, View] of Object.entries(views)) {
    views[kind] = function Counted(props: { node: never }) {
      renders += 1;
      return <View {...props} />;
    };
  }
}

countRenders();

function emptyPage(): HTMLElement {
  const page = document.createElement("main");
  document.getElementById("page")?.replaceWith(page);
  page.id = "page";
  return page;
}

/** A browser's clock is coarse, so many clicks are timed as one. */
async function measure(key: HTMLElement, shown: () => string): Promise<Measured> {
  const click = async () => {
    const before = shown();
    key.click();
    // React applies a click's changes before the next task; the DOM says when.
    while (shown() === before) await Promise.resolve();
  };
  for (let clicks = 0; clicks < WARM_UP; clicks += 1) await click();
  const rounds: number[] = [];
  renders = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = performance.now();
    for (let clicks = 0; clicks < CLICKS; clicks += 1) await click();
    rounds.push(((performance.now() - start) * 1000) / CLICKS);
  }
  rounds.sort((a, b) => a - b);
  return { microseconds: rounds[Math.floor(ROUNDS / 2)] ?? 0, renders: renders / (ROUNDS * CLICKS) };
}

window.measureDesktop = async (others) => {
  const engine = await loadEngine();
  const unexpected = (what: unknown) => {
    throw new Error(`the calculator asked for ${JSON.stringify(what)}`);
  };
  const host = new AppHost({
    app: `beside-${others}`,
    engine,
    shell: new Proxy({} as AppHost["nodes"] & never, { get: (_, name) => unexpected(name) }),
    callService: unexpected,
    onChange: () => {},
    onIssues: () => {},
  });
  const page = emptyPage();
  host.open(calculatorBeside(others) as unknown as UiSpec, {});
  const root = createRoot(page);
  flushSync(() => root.render(<Surface nodes={host.nodes} host={host} />));
  const key = page.querySelector<HTMLElement>("[data-node-id=toggle]");
  const display = page.querySelector<HTMLElement>("[data-node-id=display]");
  if (!key || !display) throw new Error("the calculator was not drawn");
  const measured = await measure(key, () => display.textContent ?? "");
  root.unmount();
  host.close();
  return measured;
};

const PlainText = memo(function PlainText({ content }: { content: string }) {
  renders += 1;
  return <p>{content}</p>;
});

const PlainKey = memo(function PlainKey({ onPress }: { onPress: () => void }) {
  renders += 1;
  return (
    <button type="button" data-node-id="toggle" onClick={onPress}>
      7
    </button>
  );
});

/** What a React programmer writes: the state in the page, and every component memoised. */
function PlainPage({ others }: { others: number }) {
  const [digits, setDigits] = useState("0");
  const press = useCallback(() => setDigits((shown) => (shown === "7" ? "0" : "7")), []);
  return (
    <>
      <PlainText content={digits} />
      <PlainKey onPress={press} />
      {Array.from({ length: others }, (_, index) => (
        <PlainText key={index} content={`n${index}`} />
      ))}
    </>
  );
}

window.measurePlainReact = async (others) => {
  const page = emptyPage();
  const root = createRoot(page);
  flushSync(() => root.render(<PlainPage others={others} />));
  const key = page.querySelector<HTMLElement>("[data-node-id=toggle]");
  const display = page.querySelector<HTMLElement>("p");
  if (!key || !display) throw new Error("the plain page was not drawn");
  const measured = await measure(key, () => display.textContent ?? "");
  root.unmount();
  return measured;
};
