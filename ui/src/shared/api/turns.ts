type InTurn = <T>(who: string, work: () => Promise<T>) => Promise<T>;

/** Lets at most `most` pieces of work run at once, and `each` of one; the others wait for their turn, in order. */
export function inTurns(most: number, each: number): InTurn {
  const running = new Map<string, number>();
  let waiting: { who: string; begin(): void }[] = [];
  let free = most;
  const mayBegin = (who: string) => free > 0 && (running.get(who) ?? 0) < each;
  const begin = (who: string) => {
    free -= 1;
    running.set(who, (running.get(who) ?? 0) + 1);
  };
  const end = (who: string) => {
    free += 1;
    const left = (running.get(who) ?? 0) - 1;
    if (left > 0) running.set(who, left);
    else running.delete(who);
    const next = waiting.find((turn) => mayBegin(turn.who));
    if (!next) return;
    waiting = waiting.filter((turn) => turn !== next);
    begin(next.who);
    next.begin();
  };
  return async (who, work) => {
    if (mayBegin(who)) begin(who);
    else await new Promise<void>((resolve) => waiting.push({ who, begin: resolve }));
    try {
      return await work();
    } finally {
      end(who);
    }
  };
}
