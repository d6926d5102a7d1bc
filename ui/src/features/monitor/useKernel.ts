import { useCallback, useEffect, useRef, useState } from "react";
import { api } from "@/shared/api/client";
import type { Stream } from "@/shared/api/stream";
import type { KernelEvent, KernelProcess, KernelStats } from "@/shared/api/types";
import { eventOf, joined, MOST_EVENTS } from "./activity";

const LOOK_EVERY_MS = 2_000;

export interface KernelView {
  processes: KernelProcess[];
  stats: KernelStats | null;
  events: KernelEvent[];
  /** Why what is shown may be old. */
  failure: string | null;
  /** Looks again now. */
  look(): Promise<void>;
}

/** The kernel as it is: looked at every two seconds and whenever something happens in it. */
export function useKernel(stream: Stream): KernelView {
  const [now, setNow] = useState<{ processes: KernelProcess[]; stats: KernelStats } | null>(null);
  const [events, setEvents] = useState<KernelEvent[]>([]);
  const [failure, setFailure] = useState<string | null>(null);
  /** Answers that were overtaken by a later look are not shown. */
  const looks = useRef(0);

  const look = useCallback(async () => {
    looks.current += 1;
    const own = looks.current;
    try {
      const [processes, stats] = await Promise.all([api.processes(), api.kernelStats()]);
      if (own !== looks.current) return;
      setNow({ processes, stats });
      setFailure(null);
    } catch (cause) {
      if (own === looks.current) setFailure(cause instanceof Error ? cause.message : String(cause));
    }
  }, []);

  useEffect(() => {
    const catchUp = () =>
      api.kernelEvents(MOST_EVENTS).then(
        (past) => setEvents((known) => joined(known, past)),
        () => undefined,
      );
    const stop = [
      stream.onMessage((message) => {
        if (message.type === "lagged" && message.topic === "kernel") void catchUp();
        const event = eventOf(message);
        if (!event) return;
        setEvents((known) => joined(known, [event]));
        void look();
      }),
      stream.onOnline((online) => {
        if (!online) return;
        // A server that was started again counts its events anew.
        setEvents([]);
        void catchUp();
      }),
    ];
    void look();
    void catchUp();
    const timer = setInterval(() => void look(), LOOK_EVERY_MS);
    return () => {
      clearInterval(timer);
      for (const end of stop) end();
    };
  }, [stream, look]);

  return { processes: now?.processes ?? [], stats: now?.stats ?? null, events, failure, look };
}
