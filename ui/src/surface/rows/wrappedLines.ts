/** Lines that wrap: how many rows stand in one is known where it was drawn, and taken for like the others elsewhere. */
import { Lines } from "./lines";

/** A line as it was drawn. */
export interface DrawnLine {
  /** The place of its first row. */
  first: number;
  height: number;
}

/** Lines drawn one after another, with nothing left out between. */
export interface Run {
  lines: readonly DrawnLine[];
  /** The place of their last row. */
  last: number;
}

/** So many lines have to be seen before others are taken to hold as many rows. */
const LINES_TO_TELL = 3;

export class WrappedLines extends Lines {
  #firsts: number[] = [];
  #places = 0;
  #perLine = 1;
  #isTold = false;

  constructor() {
    super(0);
  }

  /** How many rows a line that was not seen is taken to hold. */
  get perLine(): number {
    return this.#perLine;
  }

  firstOf(line: number): number {
    return this.#firsts[line] ?? this.#places;
  }

  lineOf(place: number): number {
    let [low, high] = [0, Math.max(0, this.#firsts.length - 1)];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.firstOf(middle) <= place) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  setPlaces(places: number): void {
    if (places === this.#places) return;
    const before = this.#places;
    const kept = this.#firsts.filter((first) => first < places).length;
    this.#places = places;
    this.#splice(kept, this.count - kept, []);
    const isMore = places > before && (kept === 0 || this.isSeen(kept - 1));
    if (isMore) this.#splice(kept, 0, [{ first: before, height: Number.NaN }]);
    this.#chunk();
  }

  /** Rows came in above all but the first line, or went when `by` is negative. */
  shiftPlaces(by: number): void {
    const gone = this.#firsts.filter((first, line) => line > 0 && first + by <= 0).length;
    this.#splice(1, gone, []);
    this.#firsts = this.#firsts.map((first, line) => (line === 0 ? 0 : first + by));
    this.#places = Math.max(0, this.#places + by);
    if (this.count > 0) this.replace(0, 1, [Number.NaN]);
    this.#chunk();
  }

  /** Takes the lines as they were drawn, and tells from them how long others are. */
  drawn(runs: readonly Run[]): void {
    for (const { lines, last } of runs) {
      const [first] = lines;
      if (!first) continue;
      const around = this.lineOf(first.first);
      const line = this.firstOf(around) < first.first ? around + 1 : around;
      const after = this.lineOf(last) + 1;
      this.#splice(line, Math.max(0, after - line), lines);
    }
    this.#tell(runs);
    this.#chunk();
    this.estimate();
  }

  override forget(): void {
    super.forget();
    this.#isTold = false;
  }

  #tell(runs: readonly Run[]): void {
    if (this.#isTold) return;
    // The last line of a run may go on with rows that are not drawn.
    const whole = runs.reduce((sum, { lines }) => sum + Math.max(0, lines.length - 1), 0);
    const rows = runs.reduce(
      (sum, { lines }) => sum + (lines.at(-1)?.first ?? 0) - (lines[0]?.first ?? 0),
      0,
    );
    const all = runs.reduce((sum, { lines, last }) => sum + last + 1 - (lines[0]?.first ?? 0), 0);
    if (whole > 0) this.#perLine = Math.max(1, Math.round(rows / whole));
    else if (all > 0) this.#perLine = all;
    this.#isTold = whole >= LINES_TO_TELL;
  }

  /** Lines that were not seen are all taken for equally long. */
  #chunk(): void {
    const firsts: number[] = [];
    const heights: number[] = [];
    for (let line = 0; line < this.count; ) {
      if (this.isSeen(line)) {
        firsts.push(this.firstOf(line));
        heights.push(this.sizeOf(line));
        line += 1;
        continue;
      }
      const start = this.firstOf(line);
      while (line < this.count && !this.isSeen(line)) line += 1;
      for (let first = start; first < this.firstOf(line); first += this.#perLine) {
        firsts.push(first);
        heights.push(Number.NaN);
      }
    }
    this.replace(0, this.count, heights);
    this.#firsts = firsts;
  }

  #splice(line: number, count: number, lines: readonly DrawnLine[]): void {
    this.replace(
      line,
      count,
      lines.map(({ height }) => height),
    );
    this.#firsts.splice(line, count, ...lines.map(({ first }) => first));
  }
}
