/** The sizes of lines that follow one another, of which only some were ever seen. */
export class Lines {
  /** NaN where a line was not seen yet. */
  #sizes: number[] = [];
  /** What a line that was not seen is taken for, from the first ones that were. */
  #estimate: number | null = null;
  /** And what for until any was seen. */
  readonly #guess: number;
  #starts: Float64Array | null = null;

  constructor(count: number, guess = 0) {
    this.#guess = guess;
    this.resize(count);
  }

  get count(): number {
    return this.#sizes.length;
  }

  get total(): number {
    return this.startOf(this.count);
  }

  resize(count: number): void {
    if (count === this.count) return;
    while (this.#sizes.length < count) this.#sizes.push(Number.NaN);
    this.#sizes.length = count;
    this.#starts = null;
  }

  /** Lines came in before `line`, or went when `by` is negative. */
  shift(line: number, by: number): void {
    if (by > 0) this.#sizes.splice(line, 0, ...new Array<number>(by).fill(Number.NaN));
    else this.#sizes.splice(Math.max(0, line + by), -by);
    this.#starts = null;
  }

  forget(): void {
    this.#sizes.fill(Number.NaN);
    this.#estimate = null;
    this.#starts = null;
  }

  isSeen(line: number): boolean {
    return !Number.isNaN(this.#sizes[line]);
  }

  sizeOf(line: number): number {
    return this.#sizes[line] ?? Number.NaN;
  }

  /** Puts other lines in the place of `count` from `line` on. */
  replace(line: number, count: number, sizes: readonly number[]): void {
    const same = sizes.length === count && sizes.every((size, at) => Object.is(size, this.#sizes[line + at]));
    if (same) return;
    this.#sizes = [...this.#sizes.slice(0, line), ...sizes, ...this.#sizes.slice(line + count)];
    this.#starts = null;
  }

  set(line: number, size: number): void {
    if (this.#sizes[line] === size || line >= this.count) return;
    this.#sizes[line] = size;
    this.#starts = null;
  }

  /** From what was seen so far, once; a figure that kept moving would move the scroll bar with it. */
  estimate(): void {
    if (this.#estimate !== null) return;
    const seen = this.#sizes.filter((size) => size > 0);
    if (seen.length === 0) return;
    this.#estimate = seen.reduce((sum, size) => sum + size, 0) / seen.length;
    this.#starts = null;
  }

  startOf(line: number): number {
    return this.#offsets()[line] ?? 0;
  }

  /** The line that lies at this distance from the first. */
  at(offset: number): number {
    const starts = this.#offsets();
    let [low, high] = [0, Math.max(0, this.count - 1)];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #offsets(): Float64Array {
    if (this.#starts) return this.#starts;
    const starts = new Float64Array(this.count + 1);
    for (const [line, size] of this.#sizes.entries()) {
      starts[line + 1] = (starts[line] ?? 0) + (Number.isNaN(size) ? (this.#estimate ?? this.#guess) : size);
    }
    this.#starts = starts;
    return starts;
  }
}
