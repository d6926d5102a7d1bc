/** The engines of the tests: the module of the browser, and the whole protocol as the program speaks it. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** A module of its own, because a module holds the apps of all who use it. */
export async function startModule() {
  const folder = new URL("../../src/engine/wasm/", import.meta.url);
  const { call, initSync } = await import(`${new URL("agentos_engine.js", folder)}?${Math.random()}`);
  initSync({ module: readFileSync(new URL("agentos_engine_bg.wasm", folder)) });
  return call;
}

const repository = fileURLToPath(new URL("../../..", import.meta.url));
const target = process.env.CARGO_TARGET_DIR ?? join(repository, "target");
const program = join(target, process.env.AGENTOS_PROFILE ?? "debug", "agentos-cli");

/** What the whole engine answers to each of the requests. */
export function wholeEngine(requests) {
  const input = requests.map((request) => `${JSON.stringify(request)}\n`).join("");
  const { stdout, stderr, status } = spawnSync(program, ["engine"], {
    input,
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  assert.equal(status, 0, stderr);
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}
