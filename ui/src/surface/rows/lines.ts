/** The heights of a column of lines, of which only some were ever seen. */
export class Lines {
  /** NaN where a line was not seen yet. */
  #heights: number[] = [];
  /** What a line that was not seen is taken for, from the first ones that were. */
  #estimate: number | null = null;
  #starts: Float64Array | null = null;

  constructor(count: number) {
    this.resize(count);
  }

  get count(): number {
    return this.#heights.length;
  }

  get total(): number {
    return this.startOf(this.count);
  }

  resize(count: number): void {
    if (count === this.count) return;
    while (this.#heights.length < count) this.#heights.push(Number.NaN);
    this.#heights.length = count;
    this.#starts = null;
  }

  /** Lines came in before `line`, or went when `by` is negative. */
  shift(line: number, by: number): void {
    if (by > 0) this.#heights.splice(line, 0, ...new Array<number>(by).fill(Number.NaN));
    else this.#heights.splice(Math.max(0, line + by), -by);
    this.#starts = null;
  }

  forget(): void {
    this.#heights.fill(Number.NaN);
    this.#estimate = null;
    this.#starts = null;
  }

  isSeen(line: number): boolean {
    return !Number.isNaN(this.#heights[line]);
  }

  heightOf(line: number): number {
    return this.#heights[line] ?? Number.NaN;
  }

  /** Puts other lines in the place of `count` from `line` on. */
  replace(line: number, count: number, heights: readonly number[]): void {
    const same =
      heights.length === count && heights.every((height, at) => Object.is(height, this.#heights[line + at]));
    if (same) return;
    this.#heights = [...this.#heights.slice(0, line), ...heights, ...this.#heights.slice(line + count)];
    this.#starts = null;
  }

  set(line: number, height: number): void {
    if (this.#heights[line] === height || line >= this.count) return;
    this.#heights[line] = height;
    this.#starts = null;
  }

  /** From what was seen so far, once; a figure that kept moving would move the scroll bar with it. */
  estimate(): void {
    if (this.#estimate !== null) return;
    const seen = this.#heights.filter((height) => height > 0);
    if (seen.length === 0) return;
    this.#estimate = seen.reduce((sum, height) => sum + height, 0) / seen.length;
    this.#starts = null;
  }

  startOf(line: number): number {
    return this.#offsets()[line] ?? 0;
  }

  /** The line that lies at this distance from the top. */
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
    for (const [line, height] of this.#heights.entries()) {
      starts[line + 1] = (starts[line] ?? 0) + (Number.isNaN(height) ? (this.#estimate ?? 0) : height);
    }
    this.#starts = starts;
    return starts;
  }
}
