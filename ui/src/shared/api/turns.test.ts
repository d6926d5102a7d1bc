import { expect, test } from "vitest";
import { inTurns } from "./turns";

test("what waits begins in order as others end, whether well or not", async () => {
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const inTurn = inTurns(2);
  const works = [0, 1, 2, 3].map((number) =>
    inTurn(() => {
      begun.push(number);
      return new Promise<number>((resolve, reject) => {
        ends[number] = () => (number === 0 ? reject(new Error("broke")) : resolve(number));
      });
    }),
  );
  expect(begun).toEqual([0, 1]);
  ends[0]?.();
  await expect(works[0]).rejects.toThrow("broke");
  expect(begun).toEqual([0, 1, 2]);
  ends[1]?.();
  expect(await works[1]).toBe(1);
  expect(begun).toEqual([0, 1, 2, 3]);
  ends[2]?.();
  ends[3]?.();
  expect(await Promise.all([works[2], works[3]])).toEqual([2, 3]);
});
