/** Which rows of a long list are drawn: those in view, a few around them, and the one with the keyboard. */
import type { NodeId } from "@/engine/protocol";
import type { Flow } from "./axis";
import { Lines } from "./lines";
import { type Run, WrappedLines } from "./wrappedLines";

/** How far beyond the edges of what is in view rows are drawn, and how many at most. */
const OVERSCAN_PX = 600;
const OVERSCAN_ROWS = 12;
/** Rows drawn before anything is measured. */
const ROWS_AT_FIRST = 12;
/** A single line is taken not to fit until it is measured, so that its rows give way to one another from the first. */
const WIDTH_AT_FIRST_PX = 100;

/** The rows as the engine tells them: all, or a window. */
export interface RowList {
  ids: readonly NodeId[];
  /** The row of each id, where it is not the place in `ids`. */
  places: readonly number[] | undefined;
  total: number;
}

interface Stretch {
  first: number;
  count: number;
}

/** What the engine is asked to resolve. */
export interface Question extends Stretch {
  /** Nodes whose rows stay resolved wherever they are. */
  keep: NodeId[];
}

/** A row to draw. */
export interface Strip {
  place: number;
  ids: readonly NodeId[];
  /** How much is left out before it. */
  margin: number;
  /** Whether nothing that is drawn stands in a later line. */
  isLast: boolean;
}

export class RowWindow {
  readonly #lines: Lines;
  /** The same lines, where their rows stand beside one another and wrap. */
  readonly #wrapped: WrappedLines | null;
  #list: RowList | null = null;
  #rows = new Map<number, NodeId[]>();
  #places = new Map<NodeId, number>();
  #columns = 1;
  #from = 0;
  #to: number;
  /** What the engine was asked for last. */
  #asked: Stretch | null = null;
  /** The row it keeps since the person looked at it. */
  #mark: NodeId | null = null;
  /** Rows that go on beginning a line while lines come in above that were never seen. */
  #pins = new Set<number>();
  /** The first pinned row, where the line before it, the first that is drawn, is yet to be filled. */
  #short: number | null = null;

  /** Where rows were drawn before, `drawn` of them are at first, and what is scrolled to stays there. */
  constructor(flow: Flow, drawn = 0) {
    this.#to = Math.max(ROWS_AT_FIRST, drawn);
    this.#wrapped = flow === "wrapping" ? new WrappedLines() : null;
    this.#lines = this.#wrapped ?? new Lines(0, flow === "sideways" ? WIDTH_AT_FIRST_PX : 0);
  }

  get total(): number {
    return this.#list?.total ?? 0;
  }

  /** The nodes of a row; none when it is not resolved, or shows nothing. */
  row(place: number): readonly NodeId[] {
    return this.#rows.get(place) ?? [];
  }

  get ids(): readonly NodeId[] {
    return this.#list?.ids ?? [];
  }

  /** The first row of the line at this distance from the first. */
  firstAt(offset: number): number {
    return this.#firstOf(this.#lines.at(offset));
  }

  lineOf(place: number): number {
    return this.#wrapped?.lineOf(place) ?? Math.floor(place / this.#columns);
  }

  placeOf(id: NodeId): number | undefined {
    return this.#places.get(id);
  }

  /** The first place that is drawn for being in view. */
  get from(): number {
    return this.#from;
  }

  /** How far from the first the line of a row begins. */
  startOf(place: number): number {
    return this.#lines.startOf(this.lineOf(place));
  }

  get pins(): ReadonlySet<number> {
    return this.#pins;
  }

  pin(place: number): void {
    this.#pins.add(place);
  }

  /** The line before this row is the first that is drawn, and short: it grows as soon as more are drawn above. */
  endShort(place: number): void {
    this.#short = place;
  }

  isAfterShort(place: number): boolean {
    return place === this.#short;
  }

  #firstOf(line: number): number {
    return Math.min(this.#wrapped?.firstOf(line) ?? line * this.#columns, this.total);
  }

  /** Takes the rows as they are now; `seen` is the place of a row the person looks at. */
  take(list: RowList, seen: number): void {
    const before = this.#list;
    if (before === list) return;
    const old = this.#places;
    this.#list = list;
    this.#rows = new Map();
    this.#places = new Map();
    for (const [index, id] of list.ids.entries()) {
      const place = list.places?.[index] ?? index;
      const row = this.#rows.get(place);
      if (row) row.push(id);
      else this.#rows.set(place, [id]);
      this.#places.set(id, place);
    }
    const moved = before ? this.#moved(old, seen) : 0;
    if (moved !== 0) {
      this.#from += moved;
      this.#to += moved;
      this.#pins = new Set([...this.#pins].map((place) => place + moved));
      if (this.#short !== null) this.#short += moved;
      if (this.#wrapped) this.#wrapped.shiftPlaces(moved);
      else if (this.#columns === 1) this.#lines.shift(Math.min(seen, this.#lines.count), moved);
    }
    this.#resize();
    const drawn = this.#to - this.#from;
    this.#to = Math.min(this.#to, list.total);
    this.#from = Math.max(0, Math.min(this.#from, this.#to - Math.min(drawn, ROWS_AT_FIRST)));
    this.#from = this.#firstOf(this.lineOf(this.#from));
  }

  #resize(): void {
    if (this.#wrapped) this.#wrapped.setPlaces(this.total);
    else this.#lines.resize(Math.ceil(this.total / this.#columns));
  }

  /** By how many places the row nearest to `seen` moved. */
  #moved(old: ReadonlyMap<NodeId, number>, seen: number): number {
    let nearest = Number.POSITIVE_INFINITY;
    let moved = 0;
    for (const [id, before] of old) {
      const now = this.#places.get(id);
      if (now === undefined || Math.abs(before - seen) >= nearest) continue;
      nearest = Math.abs(before - seen);
      moved = now - before;
    }
    return moved;
  }

  /** Other lines hold other rows, so nothing that was measured counts any more. */
  setColumns(columns: number): void {
    if (columns === this.#columns) return;
    this.#columns = columns;
    this.#resize();
    this.#lines.forget();
    this.#from -= this.#from % columns;
  }

  /** Takes the sizes of lines that are drawn. A row that was asked for and has no node has none. */
  measured(sizes: ReadonlyMap<number, number>): void {
    for (const [line, size] of sizes) this.#lines.set(line, size);
    if (this.#asked && this.#columns === 1) {
      const { first, count } = this.#asked;
      for (let place = first; place < Math.min(first + count, this.total); place += 1)
        if (!this.#rows.has(place)) this.#lines.set(place, 0);
    }
    this.#lines.estimate();
  }

  /** Takes lines that wrap, as they are drawn. Lines of which all was asked for and nothing shows have no height. */
  wrapped(runs: readonly Run[]): void {
    if (!this.#wrapped) return;
    this.#wrapped.drawn(runs);
    this.#columns = this.#wrapped.perLine;
    if (!this.#asked) return;
    const { first, count } = this.#asked;
    const end = Math.min(first + count, this.total);
    for (
      let line = this.lineOf(first);
      line < this.#lines.count && this.#firstOf(line + 1) <= end;
      line += 1
    ) {
      if (this.#firstOf(line) >= first && !this.#showsAny(line)) this.#lines.set(line, 0);
    }
  }

  #showsAny(line: number): boolean {
    for (let place = this.#firstOf(line); place < this.#firstOf(line + 1); place += 1)
      if (this.#rows.has(place)) return true;
    return false;
  }

  /** Other rows may fit into a line now. */
  forget(): void {
    this.#lines.forget();
    this.#pins.clear();
    this.#short = null;
  }

  /** Draws what lies between two distances from where the list begins; false when that is drawn already. */
  cover(start: number, end: number): boolean {
    if (this.total === 0) return false;
    const within = (share: number): [number, number] => {
      const lines = Math.max(1, Math.ceil((OVERSCAN_ROWS * share) / this.#columns));
      const [first, last] = [this.#lines.at(start), this.#lines.at(end)];
      const nearest = this.#lines.at(start - OVERSCAN_PX * share);
      const furthest = this.#lines.at(end + OVERSCAN_PX * share);
      return [
        this.#firstOf(Math.max(0, Math.min(first - 1, Math.max(nearest, first - lines)))),
        this.#firstOf(Math.max(last + 1, Math.min(furthest, last + lines)) + 1),
      ];
    };
    const [from, to] = within(0.5);
    const [fewest, most] = within(2);
    const isDrawn = this.#from <= from && to <= this.#to;
    if (isDrawn && fewest <= this.#from && this.#to <= most) return false;
    const before = this.#from;
    [this.#from, this.#to] = within(1);
    if (this.#wrapped) this.#pin(before, this.firstAt(start));
    return true;
  }

  /** Where rows are drawn above others, what wraps there must not draw up those that are looked at. */
  #pin(before: number, seen: number): void {
    if (this.#from < before && before < this.#to) {
      const lead = Math.max(this.#short ?? before, seen);
      this.pin(lead);
      // From the very first row on, lines are as they would be if all were drawn.
      if (this.#from === 0) for (const place of this.#pins) if (place < lead) this.#pins.delete(place);
    }
    for (const place of this.#pins) if (place <= this.#from || this.#to <= place) this.#pins.delete(place);
    if (this.#short !== null && !this.#pins.has(this.#short)) this.#short = null;
  }

  /** The rows to draw, in order; the one `held` is in and its neighbours stay, wherever they are. */
  strips(held: NodeId | null): Strip[] {
    const places = this.#drawn(held);
    const lastLine = this.lineOf(places.at(-1) ?? 0);
    const strips: Strip[] = [];
    let [reached, line, margin] = [0, -1, 0];
    for (const place of places) {
      if (this.lineOf(place) !== line) {
        line = this.lineOf(place);
        margin = this.#lines.startOf(line) - reached;
        reached = this.#lines.startOf(line + 1);
      }
      strips.push({ place, ids: this.row(place), margin, isLast: line === lastLine });
      // Where rows wrap, one empty line stands for what a margin of each is elsewhere.
      if (this.#wrapped) margin = 0;
    }
    return strips;
  }

  /** How much is left out before the first row that is drawn. */
  before(held: NodeId | null): number {
    const [first] = this.#drawn(held);
    return first === undefined ? 0 : this.#lines.startOf(this.lineOf(first));
  }

  /** How much is left out after the last row that is drawn. */
  after(held: NodeId | null): number {
    const last = this.#drawn(held).at(-1);
    return this.#lines.total - (last === undefined ? 0 : this.#lines.startOf(this.lineOf(last) + 1));
  }

  #drawn(held: NodeId | null): number[] {
    const places = new Set<number>();
    for (let place = this.#from; place < this.#to; place += 1) places.add(place);
    for (const place of this.#around(held)) places.add(place);
    return [...places].filter((place) => this.#rows.has(place)).sort((a, b) => a - b);
  }

  /** The line with the keyboard and those beside it, so that Tab finds what follows. */
  #around(held: NodeId | null): number[] {
    const place = held === null ? undefined : this.#places.get(held);
    if (place === undefined) return [];
    const line = this.lineOf(place);
    return [line - 1, line, line + 1].flatMap((line) => this.#line(line));
  }

  /** The places of a line, if all are resolved: cells of half a line would stand in the wrong columns. */
  #line(line: number): number[] {
    if (line < 0) return [];
    const first = this.#firstOf(line);
    const count = this.#firstOf(line + 1) - first;
    if (count <= 0) return [];
    const places = Array.from({ length: count }, (_, index) => first + index);
    const isWhole = this.#wrapped !== null || places.every((place) => this.#rows.has(place));
    return isWhole ? places : [];
  }

  /**
   * What the engine has to resolve for what is drawn, and to keep: the rows around the keyboard, and one the person
   * looks at, by which the view finds its place again when many rows come in above. Null when it was asked for that
   * already; it is asked again where the rows changed and some are missing, for it may have begun anew.
   */
  toAsk(held: NodeId | null, seen: number, changed: boolean): Question | null {
    const asked = this.#asked;
    const isAsked = asked !== null && asked.first <= this.#from && this.#to <= asked.first + asked.count;
    const isEnough = (isAsked && !changed) || this.#isResolved();
    if (isEnough && (seen === 0 || this.#draws(this.#mark))) return null;
    const around = OVERSCAN_ROWS * 2 * Math.min(this.#columns, 4);
    const first = Math.max(0, this.#from - around);
    this.#asked = { first, count: this.#to + around - first };
    this.#mark = this.row(seen)[0] ?? null;
    const kept = new Set([...this.#around(held), seen]);
    return { ...this.#asked, keep: [...kept].flatMap((place) => this.row(place).slice(0, 1)) };
  }

  #draws(id: NodeId | null): boolean {
    const place = id === null ? undefined : this.#places.get(id);
    return place !== undefined && this.#from <= place && place < this.#to;
  }

  #isResolved(): boolean {
    for (let place = this.#from; place < this.#to; place += 1) if (!this.#rows.has(place)) return false;
    return true;
  }
}
