/** The engine as WebAssembly answers the recorded conversations with the bytes the native engine is held to. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { fileURLToPath } from "node:url";
import { startModule } from "./engines.mjs";

const golden = fileURLToPath(new URL("../../../agentos-core/tests/golden", import.meta.url));
const answered = ".answers.jsonl";

const conversations = readdirSync(golden).filter((name) => name.endsWith(answered));
assert.ok(conversations.length > 0, `no recorded conversations in ${golden}`);

for (const name of conversations) {
  it(`${name}: WebAssembly gives the recorded answers`, async () => {
    const requests = linesOf(name.replace(answered, ".jsonl"));
    const answers = linesOf(name);
    const call = await startModule();
    for (const [index, request] of requests.entries()) {
      assert.equal(call(request), answers[index], `line ${index + 1}: ${request}`);
    }
    assert.equal(answers.length, requests.length);
  });
}

function linesOf(name) {
  return readFileSync(join(golden, name), "utf8")
    .split("\n")
    .filter((line) => line !== "");
}
