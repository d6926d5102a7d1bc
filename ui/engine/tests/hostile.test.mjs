/** Hostile requests get an answer from the WebAssembly module, whose stack is small, and it goes on. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { startModule } from "./engines.mjs";

const call = await startModule();

const app = (...components) => ({ type: "app", title: "Hostile", layout: "vertical", components });
const text = (content) => ({ type: "text", props: { content } });
const nested = (depth, leaf) =>
  Array.from({ length: depth }).reduce((child) => ({ type: "container", children: [child] }), leaf);
const openText = (spec) => `{"op":"open","app":"hostile","now":0,"spec":${spec}}`;
const open = (spec) => openText(JSON.stringify(spec));
/** An expression and a value worked out of it, so that it is evaluated whatever it comes to. */
const evaluate = (expr) => open({ ...app(text("{{ a }}")), computed: { a: expr } });

const cases = [
  ["not JSON", "{ nope"],
  ["JSON 100,000 deep", "[".repeat(100_000)],
  ["a request of 17 MiB", JSON.stringify({ op: "open", text: "x".repeat(17 * 1024 * 1024) })],
  ["a document of JSON 100,000 deep", openText("[".repeat(100_000))],
  ["a document of 600 KiB", open(app(text("x".repeat(600 * 1024))))],
  ["components 30 deep", open(app(nested(30, text("deep"))))],
  ["components 20 deep", open(app(nested(19, text("deep"))))],
  ["an expression of parentheses", evaluate(`${"(".repeat(1000)}1${")".repeat(1000)}`)],
  ["an expression of negations", evaluate(`${"not ".repeat(500)}true`)],
  ["an expression of lists in lists", evaluate("[".repeat(1000) + "]".repeat(1000))],
  ["an expression of filters", evaluate(`1${"|abs".repeat(500)}`)],
  ["an expression of attributes", evaluate(`a${".b".repeat(1000)}`)],
  ["an expression of sums", evaluate(`1${"+1".repeat(1000)}`)],
  ["an expression of choices", evaluate(`${"1 if true else ".repeat(130)}1`)],
  ["a text that repeats itself", evaluate("'x' * 100000000")],
  ["a template of parentheses", open(app(text(`{{ ${"(".repeat(900)}1${")".repeat(900)} }}`)))],
  ["a computed value that needs itself", open({ ...app(text("{{ a }}")), computed: { a: "b", b: "a" } })],
  [
    "a calculation of parentheses",
    open({
      ...app(text("x")),
      on: { mount: { tool: "calc.evaluate", args: { expression: "(".repeat(2000) } } },
    }),
  ],
  [
    "a state 60 deep",
    open({
      ...app(text("{{ deep }}")),
      state: { deep: Array.from({ length: 60 }).reduce((inner) => [inner], 1) },
    }),
  ],
];
for (const [name, request] of cases) {
  it(`answers and goes on: ${name}`, () => {
    const answer = JSON.parse(call(request));
    assert.equal(typeof answer, "object");
    assert.equal(JSON.parse(call(evaluate("6 * 7"))).nodes[0].props.content, 42);
  });
}
