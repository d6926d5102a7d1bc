/** The resolved nodes of one app, observable one node at a time. */
import type { NodeId, Turn, UiNode, View } from "./protocol";

type Listener = () => void;

export class NodeStore {
  #nodes = new Map<NodeId, UiNode>();
  #roots: readonly NodeId[] = [];
  readonly #listeners = new Map<NodeId, Set<Listener>>();
  readonly #rootListeners = new Set<Listener>();

  get(id: NodeId): UiNode | undefined {
    return this.#nodes.get(id);
  }

  get roots(): readonly NodeId[] {
    return this.#roots;
  }

  /** Takes a whole view in place of what was there; equal nodes are not announced. */
  reset(view: Pick<View, "root" | "nodes">): void {
    const kept = new Set(view.nodes.map((node) => node.id));
    const removed = [...this.#nodes.keys()].filter((id) => !kept.has(id));
    const nodes = view.nodes.filter((node) => !sameNode(this.#nodes.get(node.id), node));
    this.apply({ root: view.root, nodes, removed });
  }

  /** Takes the changes of a turn and wakes exactly the readers of what changed. */
  apply(turn: Pick<Turn, "root" | "nodes" | "removed">): void {
    for (const id of turn.removed ?? []) this.#nodes.delete(id);
    for (const node of turn.nodes ?? []) this.#nodes.set(node.id, node);
    if (turn.root && !sameList(turn.root, this.#roots)) {
      this.#roots = turn.root;
      for (const listener of [...this.#rootListeners]) listener();
    }
    for (const id of turn.removed ?? []) this.#announce(id);
    for (const node of turn.nodes ?? []) this.#announce(node.id);
  }

  subscribe(id: NodeId, listener: Listener): () => void {
    const listeners = this.#listeners.get(id) ?? new Set();
    this.#listeners.set(id, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(id) === listeners) this.#listeners.delete(id);
    };
  }

  subscribeRoots(listener: Listener): () => void {
    this.#rootListeners.add(listener);
    return () => this.#rootListeners.delete(listener);
  }

  #announce(id: NodeId): void {
    for (const listener of [...(this.#listeners.get(id) ?? [])]) listener();
  }
}

function sameNode(before: UiNode | undefined, after: UiNode): boolean {
  return before !== undefined && JSON.stringify(before) === JSON.stringify(after);
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
