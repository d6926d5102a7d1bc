/** The engine protocol: what goes into `call(json)` and what comes back. */
import type { Kind, NodeProps } from "./catalog";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type NodeId = string;
export type AppState = { [key: string]: Json };

export interface NodeOf<K extends Kind> {
  id: NodeId;
  type: K;
  props: NodeProps[K];
  children: NodeId[];
  /** The event kinds that may be dispatched to this node. */
  events: EventKind[];
  /** How many rows exist when `children` holds only a window of them. */
  total?: number;
  /** The row of each of `children`, where there is not one a row from the first on. */
  places?: number[];
  /** A run this control started is still waiting; it is ignored until then. */
  pending?: boolean;
  /** The message of a failed check. */
  error?: string;
}

/** A resolved component. Distributes over the kinds, so `type` tells the props. */
export type UiNode = { [K in Kind]: NodeOf<K> }[Kind];

export type EventKind =
  | "click"
  | "dblclick"
  | "change"
  | "submit"
  | "focus"
  | "blur"
  | "escape"
  | "key"
  | "row_click"
  | "select"
  | "close"
  | "tabChange"
  | "mount"
  | "play"
  | "pause"
  | "ended";

export interface UiEvent {
  component: NodeId;
  kind: EventKind;
  payload?: { [key: string]: unknown };
}

export interface Issue {
  code: string;
  severity: "error" | "warning" | "note";
  message: string;
  hint?: string | null;
  path?: string;
  id?: string | null;
}

export interface PatchOp {
  op: "add" | "remove" | "replace" | "move" | "copy" | "test";
  path: string;
  value?: Json;
  from?: string;
}

/** Something to do outside the engine, to be resolved exactly once. */
export interface Effect {
  id: number;
  tool: string;
  runs: "shell" | "service" | "engine";
  args: { [key: string]: Json };
  deadline_ms: number;
}

export interface EffectError {
  code: string;
  message: string;
  details?: Json;
}

export type EffectResult = { ok: Json } | { error: EffectError };

/** What one operation changed: only nodes whose resolved form is different. */
export interface Turn {
  root?: NodeId[];
  nodes?: UiNode[];
  removed?: NodeId[];
  state_patch?: PatchOp[];
  /** A changed path outlives the window, so the change is sent at once. */
  persist?: boolean;
  effects?: Effect[];
  /** Epoch milliseconds of the next `tick`; absent when nothing is waiting. */
  wake_at?: number | null;
  issues?: Issue[];
}

export interface View extends Turn {
  root: NodeId[];
  nodes: UiNode[];
  state: AppState;
}

export type WindowMode = "focused" | "open" | "minimised" | "frozen";

/** A UISpec document as the shell sees it; only the engine reads the rest. */
export interface UiSpec {
  title?: string;
  layout?: "vertical" | "horizontal" | "grid";
  theme?: { accent?: string; density?: "compact" | "comfortable"; mode?: "light" | "dark" };
  style?: { [property: string]: string | number };
  [key: string]: unknown;
}

interface At {
  app: string;
  now: number;
}

/** Every operation the desktop uses: its request beside its answer. */
export interface Operations {
  open: { request: At & { spec: UiSpec; state?: AppState; seed?: number }; answer: View };
  /** Gives an open app an edited document; the patch leads from the state it had. */
  replace: { request: At & { spec: UiSpec }; answer: View };
  dispatch: { request: At & { event: UiEvent }; answer: Turn };
  resolve: { request: At & { effect: number } & EffectResult; answer: Turn };
  tick: { request: At; answer: Turn };
  /** Resolves other rows of an `each`; those in which the children `keep` stand stay besides. */
  range: { request: At & { component: NodeId; first: number; count: number; keep: NodeId[] }; answer: Turn };
  window: { request: At & { state: WindowMode }; answer: Turn };
  view: { request: { app: string }; answer: View };
  close: { request: At; answer: Turn };
  draft: { request: { app: string; patch: PatchOp[] }; answer: Turn };
}

export type OpName = keyof Operations;
