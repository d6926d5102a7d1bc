/** The questions the kernel puts to the person: may this app have what it needs? */
import { create } from "zustand";
import type { Json } from "@/engine/protocol";
import type { ServerMessage } from "@/shared/api/stream";
import type { Approval, ApprovalAnswer } from "@/shared/api/types";

export interface PendingApproval extends Approval {
  /** When it counts as refused, in this machine's time. */
  deadline: number;
  /** An answer is on its way. */
  answering: boolean;
}

export const useApprovals = create<{ pending: PendingApproval[] }>()(() => ({ pending: [] }));

export interface ApprovalsOptions {
  load(): Promise<Approval[]>;
  answer(id: string, answer: ApprovalAnswer): Promise<unknown>;
  onAsked(approval: Approval): void;
  onFailed(message: string): void;
}

/** Keeps the open questions equal to the server's: asked, answered anywhere, or expired. */
export class Approvals {
  readonly #options: ApprovalsOptions;
  #expiry: ReturnType<typeof setTimeout> | undefined;
  /** How often a question was opened or closed here. */
  #changes = 0;

  constructor(options: ApprovalsOptions) {
    this.#options = options;
  }

  /** Asks the server for what is open; after a lost line that is the only truth. A list that something
   * happened beside may be older than it, and is asked for again. */
  async load(): Promise<void> {
    const changes = this.#changes;
    const open = await this.#options.load().catch(() => null);
    if (!open) return;
    if (changes !== this.#changes) return this.load();
    const { pending } = useApprovals.getState();
    const known = new Map(pending.map((approval) => [approval.id, approval]));
    this.#set(open.map((approval) => known.get(approval.id) ?? opened(approval, Date.now())));
  }

  receive(message: ServerMessage): void {
    if (message.type === "lagged" && message.topic === "kernel") void this.load();
    if (message.type !== "event" || message.topic !== "kernel") return;
    if (message.kind === "approval_requested" && isApproval(message.data)) {
      const sent = message.timestamp ? Date.parse(message.timestamp) : Date.now();
      this.#add(opened(message.data, sent));
    } else if (message.kind.startsWith("approval_")) {
      this.#remove(String(message.data.id));
    }
  }

  async answer(id: string, answer: ApprovalAnswer): Promise<void> {
    this.#mark(id, true);
    try {
      await this.#options.answer(id, answer);
      this.#remove(id);
    } catch (cause) {
      this.#mark(id, false);
      const reason = cause instanceof Error ? cause.message : String(cause);
      this.#options.onFailed(`The answer did not arrive: ${reason}`);
      void this.load();
    }
  }

  #add(approval: PendingApproval): void {
    const { pending } = useApprovals.getState();
    if (pending.some(({ id }) => id === approval.id)) return;
    this.#changes += 1;
    this.#set([...pending, approval]);
    this.#options.onAsked(approval);
  }

  #remove(id: string): void {
    this.#changes += 1;
    this.#set(useApprovals.getState().pending.filter((approval) => approval.id !== id));
  }

  #mark(id: string, answering: boolean): void {
    const { pending } = useApprovals.getState();
    this.#set(pending.map((approval) => (approval.id === id ? { ...approval, answering } : approval)));
  }

  #set(approvals: PendingApproval[]): void {
    const now = Date.now();
    const pending = approvals.filter(({ deadline }) => deadline > now);
    useApprovals.setState({ pending });
    clearTimeout(this.#expiry);
    if (pending.length === 0) return;
    const next = Math.min(...pending.map(({ deadline }) => deadline));
    this.#expiry = setTimeout(() => this.#set(useApprovals.getState().pending), next - now);
  }
}

/** The rest of its time counts from when the server sent it, whatever this machine's clock says. */
function opened(approval: Approval, sent: number): PendingApproval {
  return { ...approval, deadline: Date.now() + (Date.parse(approval.expires_at) - sent), answering: false };
}

function isApproval(data: unknown): data is Approval {
  const given = data as Partial<Approval>;
  return [given.id, given.app_id, given.title, given.expires_at].every((value) => typeof value === "string");
}

/** What an app wants, as the end of a sentence: the real host, path or program. */
export function wish(need: Json): string {
  if (typeof need === "string") return `use ${need}`;
  const inside = innermost(need);
  if (inside.kind === "llm") return "ask the model, which then reads what it sends";
  if (inside.kind === "ipc") return messageWish(inside);
  const path = filePath(inside);
  if (path) return path;
  const text = (name: string) => (typeof inside[name] === "string" ? inside[name] : undefined);
  const port = typeof inside.port === "number" ? `:${inside.port}` : "";
  const host = text("host") ?? text("origin") ?? text("url");
  if (host) return `contact ${host}${port}`;
  const program = text("program");
  if (program) return `run the program “${program}” on this computer`;
  const subject = text("topic") ?? text("peer");
  return subject ? `use ${subject}` : `have: ${JSON.stringify(need)}`;
}

/** A topic has a name of its own; another app is known by its title, as long as it is open. */
function messageWish({ topic, title, rights }: Record<string, Json | undefined>): string {
  if (typeof topic !== "string") {
    return typeof title === "string" ? `send messages to the app “${title}”` : "send messages to another app";
  }
  if (rights === "receive") return `hear what other apps tell about “${topic}”`;
  return `tell other apps about “${topic}”${rights === "both" ? " and hear what they tell" : ""}`;
}

const ROOTS: Record<string, string> = {
  home: "its own folder",
  shared: "the folder all apps share",
  tmp: "its own temporary folder",
};

/** `shared:notes/a.txt` as a person reads it, and whether it may be changed. */
function filePath({ path, rights }: Record<string, Json | undefined>): string | null {
  if (typeof path !== "string") return null;
  const verb = rights === "read" ? "read" : "read and change";
  const [root = "", name] = path.split(/:(.*)/s);
  const folder = ROOTS[root] ?? root;
  return name ? `${verb} “${name}” in ${folder}` : `${verb} everything in ${folder}`;
}

/** `{net: {host}}` and `{kind: "net", host}` say the same. */
function innermost(need: Json): Record<string, Json | undefined> {
  if (typeof need !== "object" || need === null || Array.isArray(need)) return {};
  const values = Object.values(need);
  const [only] = values;
  if (values.length === 1 && typeof only === "object" && only !== null) return innermost(only);
  return need as Record<string, Json | undefined>;
}
