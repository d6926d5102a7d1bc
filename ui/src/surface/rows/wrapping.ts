/** How rows stand that wrap in a box, read from the page: where lines begin, and how high they are. */
import { pixels, scaleOf } from "./measures";
import type { RowWindow } from "./rowWindow";
import type { DrawnLine, Run } from "./wrappedLines";

/** The room that is filled before a row so that it begins a line. */
export type Rooms = ReadonlyMap<number, number>;

interface Piece {
  place: number;
  left: number;
  right: number;
  /** What it asks for before it grows into what is left of its line. */
  width: number;
  top: number;
  bottom: number;
  beginsLine: boolean;
  beginsRun: boolean;
}

/** What is drawn, and into how wide a box. */
interface Drawn {
  pieces: readonly Piece[];
  width: number;
  gap: number;
}

/** Marks the elements of the rows, which stand in the box itself, for whoever keeps them steady. */
export function mark(box: HTMLElement, rows: RowWindow): HTMLElement[] {
  const marked: HTMLElement[] = [];
  for (const child of box.children) {
    if (!(child instanceof HTMLElement)) continue;
    const id = child.dataset.nodeId;
    const place = id === undefined ? undefined : rows.placeOf(id);
    if (id === undefined || place === undefined) continue;
    child.dataset.row = id;
    child.dataset.place = String(place);
    marked.push(child);
  }
  return marked;
}

/** Tells the window how its rows stand; gives the room to fill before those that have to begin a line. */
export function measureWrapping(box: HTMLElement, rows: RowWindow): Rooms {
  const style = getComputedStyle(box);
  const [columnGap, rowGap] = [pixels(style.columnGap), pixels(style.rowGap)];
  const scale = scaleOf(box);
  const pieces = read(box, scale);
  rows.wrapped(runs(pieces, rowGap));
  const width = box.getBoundingClientRect().width * scale - box.offsetWidth + innerWidth(box, style);
  const drawn = { pieces, width, gap: columnGap };
  const lead = pieces.findIndex(({ place }) => rows.pins.has(place));
  const first = pieces[lead];
  if (first && rows.from > 0 && (rows.isAfterShort(first.place) || roomBefore(lead, drawn, rows) !== null))
    fillUpwards(lead, drawn, rows);
  const rooms = new Map<number, number>();
  for (const [at, { place }] of pieces.entries()) {
    const room = rows.pins.has(place) ? roomBefore(at, drawn, rows) : null;
    if (room !== null) rooms.set(place, room);
  }
  return rooms;
}

/** The room in the line before a piece, if the piece would find place there. */
function roomBefore(at: number, { pieces, width, gap }: Drawn, rows: RowWindow): number | null {
  const piece = pieces[at];
  if (!piece || piece.beginsRun || pieces[at - 1]?.place === piece.place) return null;
  let room = width;
  for (const beside of pieces.slice(0, at).reverse()) {
    room -= beside.width + gap;
    if (beside.beginsLine || rows.pins.has(beside.place)) break;
  }
  // What fills the room to the last fraction might itself find none.
  return room >= 0 && piece.width <= room + 0.5 ? Math.max(0, room - 0.5) : null;
}

/** Makes the lines above a pinned row full from the lowest on: the short one is then out of view, and yet to grow. */
function fillUpwards(lead: number, { pieces, width, gap }: Drawn, rows: RowWindow): void {
  let taken = 0;
  let below = pieces[lead];
  if (below) rows.endShort(below.place);
  for (const piece of pieces.slice(0, lead).reverse()) {
    const needed = piece.width;
    if (below && taken > 0 && taken + gap + needed > width && piece.place !== below.place) {
      rows.pin(below.place);
      rows.endShort(below.place);
      taken = 0;
    }
    taken += needed + (taken > 0 ? gap : 0);
    below = piece;
    if (piece.beginsRun) return;
  }
}

export function isSameRooms(a: Rooms, b: Rooms): boolean {
  return a.size === b.size && [...a].every(([place, room]) => Math.abs((b.get(place) ?? -1) - room) < 0.5);
}

export function innerWidth(box: HTMLElement, style = getComputedStyle(box)): number {
  return box.clientWidth - pixels(style.paddingLeft) - pixels(style.paddingRight);
}

/** Where the first line would begin, told from the first of those in view: those before it may have been forgotten. */
export function topOfLines(box: HTMLElement, rows: RowWindow): number {
  const shown = read(box, 1).filter(({ place }) => place >= rows.from);
  const [first] = shown;
  if (first) {
    const line = shown.filter(({ place }) => rows.lineOf(place) === rows.lineOf(first.place));
    return Math.min(...line.map(({ top }) => top)) - rows.startOf(first.place);
  }
  const top = box.getBoundingClientRect().top + box.clientTop - box.scrollTop;
  return top + pixels(getComputedStyle(box).paddingTop);
}

function read(box: HTMLElement, scale: number): Piece[] {
  const pieces: Piece[] = [];
  let beginsRun = true;
  let before: Piece | undefined;
  for (const child of box.children) {
    if (!(child instanceof HTMLElement)) continue;
    if (child.dataset.between === "lines") beginsRun = true;
    const rect = child.getBoundingClientRect();
    if (child.dataset.place === undefined || child.getClientRects().length === 0) continue;
    const style = getComputedStyle(child);
    const left = rect.left * scale - pixels(style.marginLeft);
    const right = rect.right * scale + pixels(style.marginRight);
    const grows = Number(style.flexGrow) > 0 && style.flexBasis.endsWith("px");
    const least = Math.max(pixels(style.flexBasis), pixels(style.minWidth));
    const piece: Piece = {
      place: Number(child.dataset.place),
      left,
      right,
      width: grows ? least + pixels(style.marginLeft) + pixels(style.marginRight) : right - left,
      top: rect.top * scale - pixels(style.marginTop),
      bottom: rect.bottom * scale + pixels(style.marginBottom),
      beginsLine: beginsRun || before === undefined || left < before.right - 0.5,
      beginsRun,
    };
    pieces.push(piece);
    before = piece;
    beginsRun = false;
  }
  return pieces;
}

function runs(pieces: readonly Piece[], rowGap: number): Run[] {
  const found: { lines: DrawnLine[]; last: number }[] = [];
  let [top, bottom] = [0, 0];
  for (const [at, piece] of pieces.entries()) {
    if (piece.beginsRun) found.push({ lines: [], last: piece.place });
    const run = found.at(-1);
    if (!run) continue;
    // A row may be of several nodes; a line that begins amid them belongs to the one before.
    const isSameRow = pieces[at - 1]?.place === piece.place;
    if (piece.beginsRun || (piece.beginsLine && !isSameRow)) {
      run.lines.push({ first: piece.place, height: 0 });
      [top, bottom] = [piece.top, piece.bottom];
    }
    [top, bottom] = [Math.min(top, piece.top), Math.max(bottom, piece.bottom)];
    run.last = piece.place;
    const line = run.lines.at(-1);
    if (line) line.height = bottom - top + rowGap;
  }
  return found;
}
