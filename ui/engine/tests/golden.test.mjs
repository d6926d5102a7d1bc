/** The engine as WebAssembly answers the recorded conversations with the bytes the native engine is held to. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { fileURLToPath } from "node:url";

const golden = fileURLToPath(new URL("../../../agentos-core/tests/golden", import.meta.url));
const answered = ".answers.jsonl";

const conversations = readdirSync(golden).filter((name) => name.endsWith(answered));
assert.ok(conversations.length > 0, `no recorded conversations in ${golden}`);

for (const name of conversations) {
  it(`${name}: WebAssembly gives the recorded answers`, async () => {
    const requests = linesOf(name.replace(answered, ".jsonl"));
    const answers = linesOf(name);
    const call = await startEngine();
    for (const [index, request] of requests.entries()) {
      assert.equal(call(request), answers[index], `line ${index + 1}: ${request}`);
    }
    assert.equal(answers.length, requests.length);
  });
}

/** A module of its own for each conversation, because a module holds one engine. */
async function startEngine() {
  const folder = new URL("../../src/engine/wasm/", import.meta.url);
  const { call, initSync } = await import(`${new URL("agentos_engine.js", folder)}?${Math.random()}`);
  initSync({ module: readFileSync(new URL("agentos_engine_bg.wasm", folder)) });
  return call;
}

function linesOf(name) {
  return readFileSync(join(golden, name), "utf8")
    .split("\n")
    .filter((line) => line !== "");
}
