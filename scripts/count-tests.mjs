// Adds up the closing lines of every test runner used here, found in the logs named on the command line.
import { readFileSync } from "node:fs";

const closings = [
  // cargo nextest
  { passed: /^ +Summary .* (\d+) passed/gm, failed: /^ +Summary .* (\d+) failed/gm },
  // cargo test
  { passed: /^test result: .*? (\d+) passed/gm, failed: /^test result: .*? (\d+) failed/gm },
  // vitest
  { passed: /^ +Tests .*?(\d+) passed/gm, failed: /^ +Tests .*?(\d+) failed/gm },
  // node --test
  { passed: /^ℹ pass (\d+)/gm, failed: /^ℹ fail (\d+)/gm },
];

const log = process.argv.slice(2).map((path) => readFileSync(path, "utf8")).join("\n");
const total = (pattern) => [...log.matchAll(pattern)].reduce((sum, [, count]) => sum + Number(count), 0);
const sum = (kind) => closings.reduce((tests, closing) => tests + total(closing[kind]), 0);

console.log(`${sum("passed")} passed, ${sum("failed")} failed`);
