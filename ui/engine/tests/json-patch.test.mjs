/** RFC 6902: the public suite of JSON Patch, through the engine's own `patch`. */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { it } from "node:test";
import { wholeEngine } from "./engines.mjs";

const load = createRequire(import.meta.url);
/** Two members of one name: no parsed value can hold them, so the case is gone before it reaches the engine. */
const isExpressible = ({ comment, patch }) => patch !== undefined && comment !== "duplicate ops";

for (const file of ["spec_tests.json", "tests.json"]) {
  const cases = load(`json-patch-test-suite/${file}`).filter(isExpressible);
  it(`${file}: all ${cases.length} cases hold`, () => {
    assert.ok(cases.length > 15);
    const answers = wholeEngine(cases.map(({ doc, patch }) => ({ op: "patch", doc, patch })));
    for (const [index, { comment, doc, patch, expected, error }] of cases.entries()) {
      const answer = answers[index];
      const name = `case ${index}, ${comment ?? JSON.stringify(patch)}: ${JSON.stringify(answer)}`;
      if (error === undefined) {
        assert.deepEqual(answer.doc, expected ?? doc, name);
      } else {
        assert.equal(answer.code, "patch_failed", name);
      }
    }
  });
}
