/** What happened in the kernel, as far as the monitor shows it. */
import type { ServerMessage } from "@/shared/api/stream";
import type { KernelEvent } from "@/shared/api/types";

/** The most events that are shown; older ones leave. */
export const MOST_EVENTS = 200;

/** `known` with what `arrived` brings, oldest first and each once. */
export function joined(known: KernelEvent[], arrived: KernelEvent[]): KernelEvent[] {
  const bySeq = new Map([...known, ...arrived].map((event) => [event.seq, event]));
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq).slice(-MOST_EVENTS);
}

/** The event of the kernel that a message tells, if it tells one. */
export function eventOf(message: ServerMessage): KernelEvent | null {
  if (message.type !== "event" || message.topic !== "kernel" || message.seq === undefined) return null;
  const { pid, text } = message.data;
  if (typeof pid !== "number" || typeof text !== "string") return null;
  const { seq, kind, timestamp } = message;
  return { seq, kind, time: timestamp ?? new Date().toISOString(), data: { ...message.data, pid, text } };
}

export function isDenial({ kind }: KernelEvent): boolean {
  return kind === "call_denied" || kind === "approval_expired";
}
