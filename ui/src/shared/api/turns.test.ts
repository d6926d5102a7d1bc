import { expect, test } from "vitest";
import { inTurns } from "./turns";

/** Work by name that runs until the test ends it. */
function works(most: number, each: number) {
  const begun: string[] = [];
  const ends = new Map<string, (error?: Error) => void>();
  const inTurn = inTurns(most, each);
  const ask = (who: string, name: string) =>
    inTurn(who, () => {
      begun.push(name);
      return new Promise<string>((resolve, reject) => {
        ends.set(name, (error) => (error ? reject(error) : resolve(name)));
      });
    });
  return { begun, ask, end: (name: string, error?: Error) => ends.get(name)?.(error) };
}

test("what waits begins in order as others end, whether well or not", async () => {
  const { begun, ask, end } = works(2, 2);
  const asked = ["0", "1", "2", "3"].map((name) => ask("app", name));
  expect(begun).toEqual(["0", "1"]);
  end("0", new Error("broke"));
  await expect(asked[0]).rejects.toThrow("broke");
  expect(begun).toEqual(["0", "1", "2"]);
  end("1");
  expect(await asked[1]).toBe("1");
  expect(begun).toEqual(["0", "1", "2", "3"]);
  end("2");
  end("3");
  expect(await Promise.all([asked[2], asked[3]])).toEqual(["2", "3"]);
});

test("one leaves a place to the others", async () => {
  const { begun, ask, end } = works(3, 2);
  const [first] = ["a0", "a1", "a2"].map((name) => ask("a", name));
  ask("b", "b0");
  ask("b", "b1");
  expect(begun).toEqual(["a0", "a1", "b0"]);
  end("a0");
  await first;
  expect(begun).toEqual(["a0", "a1", "b0", "a2"]);
});
