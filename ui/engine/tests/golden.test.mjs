/** The engine answers the golden transcripts the same, to the byte, as a native program and as WebAssembly. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { fileURLToPath } from "node:url";
import { call, initSync } from "../../src/engine/wasm/agentos_engine.js";

const repository = fileURLToPath(new URL("../../..", import.meta.url));
const target = process.env.CARGO_TARGET_DIR ?? join(repository, "target");
const golden = join(repository, "agentos-core/tests/golden");
const module = new URL("../../src/engine/wasm/agentos_engine_bg.wasm", import.meta.url);

initSync({ module: readFileSync(module) });

for (const name of readdirSync(golden).filter((file) => file.endsWith(".requests.jsonl"))) {
  const requests = linesOf(readFileSync(join(golden, name), "utf8"));
  const answersFile = join(golden, name.replace(".requests.", ".answers."));

  it(`${name}: native and WebAssembly give the recorded answers`, () => {
    const native = answersOfProgram(requests);
    const web = requests.map((request) => call(request));
    if (process.env.UPDATE_GOLDEN) writeFileSync(answersFile, `${native.join("\n")}\n`);
    const recorded = linesOf(readFileSync(answersFile, "utf8"));

    for (const [index, request] of requests.entries()) {
      assert.equal(web[index], native[index], `WebAssembly differs from native at line ${index + 1}: ${request}`);
      assert.equal(native[index], recorded[index], `line ${index + 1} changed: ${request}`);
    }
    assert.equal(recorded.length, requests.length);
  });
}

function answersOfProgram(requests) {
  const program = join(target, "debug", "agentos-cli");
  const run = spawnSync(program, ["engine"], {
    input: `${requests.join("\n")}\n`,
    encoding: "utf8",
    maxBuffer: 256 * 1024 * 1024,
  });
  assert.equal(run.status, 0, run.stderr);
  return linesOf(run.stdout);
}

function linesOf(text) {
  return text.split("\n").filter((line) => line !== "");
}
