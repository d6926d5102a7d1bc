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
    measurePlainReact(others: number): Promise<number>;
  }
}

/** A browser compiles WebAssembly for speed only after thousands of calls, and JavaScript after hundreds. */
const WARM_UP = 8000;
const CLICKS = 100;
const ROUNDS = 9;

let renders = 0;

/** Runs `work` with a surface whose every kind counts how often it renders; counting costs time, so nothing is timed. */
async function countingRenders(work: () => Promise<void>): Promise<number> {
  const views = registry as Record<string, ComponentType<{ node: never }>>;
  const plain = { ...views };
  for (const [kind, View] of Object.entries(plain)) {
    views[kind] = function Counted(props: { node: never }) {
      renders += 1;
      return <View {...props} />;
    };
  }
  await work();
  Object.assign(views, plain);
  return renders;
}

function emptyPage(): HTMLElement {
  const page = document.createElement("main");
  document.getElementById("page")?.replaceWith(page);
  page.id = "page";
  return page;
}

interface Page {
  key: HTMLElement;
  shown(): string;
  close(): void;
}

async function click({ key, shown }: Page): Promise<void> {
  const before = shown();
  key.click();
  // React applies a click's changes before the next task; the DOM says when.
  while (shown() === before) await Promise.resolve();
}

/** Median time of a click in microseconds. A browser's clock is coarse, so many are timed as one. */
async function timeClicks(page: Page): Promise<number> {
  for (let clicks = 0; clicks < WARM_UP; clicks += 1) await click(page);
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = performance.now();
    for (let clicks = 0; clicks < CLICKS; clicks += 1) await click(page);
    rounds.push(((performance.now() - start) * 1000) / CLICKS);
  }
  rounds.sort((a, b) => a - b);
  return rounds[Math.floor(ROUNDS / 2)] ?? 0;
}

function pageOf(element: HTMLElement, display: string, close: () => void): Page {
  const key = element.querySelector<HTMLElement>("[data-node-id=toggle]");
  const shown = element.querySelector<HTMLElement>(display);
  if (!key || !shown) throw new Error("the calculator was not drawn");
  return { key, shown: () => shown.textContent ?? "", close };
}

async function openDesktop(others: number): Promise<Page> {
  const engine = await loadEngine();
  const unexpected = (what: unknown) => {
    throw new Error(`the calculator asked for ${JSON.stringify(what)}`);
  };
  const host = new AppHost({
    app: `beside-${others}`,
    engine,
    shell: new Proxy({} as never, { get: (_, name) => unexpected(name) }),
    callService: unexpected,
    onChange: () => {},
    onIssues: () => {},
  });
  host.open(calculatorBeside(others) as unknown as UiSpec, {});
  const element = emptyPage();
  const root = createRoot(element);
  flushSync(() => root.render(<Surface nodes={host.nodes} host={host} />));
  return pageOf(element, "[data-node-id=display]", () => {
    root.unmount();
    host.close();
  });
}

window.measureDesktop = async (others) => {
  const timed = await openDesktop(others);
  const microseconds = await timeClicks(timed);
  timed.close();
  const counted = await countingRenders(async () => {
    const page = await openDesktop(others);
    renders = 0;
    for (let clicks = 0; clicks < CLICKS; clicks += 1) await click(page);
    page.close();
  });
  return { microseconds, renders: counted / CLICKS };
};

const PlainText = memo(function PlainText({ content }: { content: string }) {
  return <p>{content}</p>;
});

const PlainKey = memo(function PlainKey({ onPress }: { onPress: () => void }) {
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
  const element = emptyPage();
  const root = createRoot(element);
  flushSync(() => root.render(<PlainPage others={others} />));
  const page = pageOf(element, "p", () => root.unmount());
  const microseconds = await timeClicks(page);
  page.close();
  return microseconds;
};
