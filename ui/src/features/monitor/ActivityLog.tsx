import clsx from "clsx";
import { useState } from "react";
import type { KernelEvent, KernelProcess } from "@/shared/api/types";
import { isDenial } from "./activity";
import { titleOf } from "./ProcessTable";

interface ActivityLogProps {
  events: KernelEvent[];
  processes: KernelProcess[];
}

/** What happens, the newest first. */
export function ActivityLog({ events, processes }: ActivityLogProps) {
  const [onlyDenials, setOnlyDenials] = useState(false);
  const names = namesOf(events, processes);
  const shown = events.filter((event) => !onlyDenials || isDenial(event)).toReversed();
  return (
    <>
      <label className="mb-2 flex flex-none items-center gap-2.5 self-start text-sm">
        <input
          type="checkbox"
          className="tick"
          checked={onlyDenials}
          onChange={(event) => setOnlyDenials(event.currentTarget.checked)}
        />
        Refusals only
      </label>
      {shown.length === 0 ? (
        <p className="py-8 text-center text-ink-2 text-sm">
          {onlyDenials ? "Nothing was refused." : "Nothing has happened yet."}
        </p>
      ) : (
        <div
          role="log"
          aria-label="Activity"
          tabIndex={0}
          className="-mx-2 min-h-0 flex-1 overflow-auto px-2 -outline-offset-2"
        >
          <ol className="divide-y divide-line text-sm">
            {shown.map((event) => (
              <Happening key={event.seq} event={event} name={names.get(event.data.pid)} />
            ))}
          </ol>
        </div>
      )}
    </>
  );
}

function Happening({ event, name }: { event: KernelEvent; name: string | undefined }) {
  const { time, data } = event;
  return (
    <li className="flex gap-3 py-1.5">
      <time dateTime={time} className="w-18 flex-none text-ink-2 text-xs/5 tabular-nums">
        {new Date(time).toLocaleTimeString()}
      </time>
      <span className={clsx("wrap-anywhere min-w-0", isDenial(event) && "text-danger-ink")}>
        <span className="font-medium">{name ?? `Process ${data.pid}`}</span> {data.text}
      </span>
    </li>
  );
}

/** Of those that run, and of those that ended as far as their beginning is still shown. */
function namesOf(events: KernelEvent[], processes: KernelProcess[]): Map<number, string> {
  const begun = events.flatMap(({ data: { pid, name } }): [number, string][] =>
    typeof name === "string" ? [[pid, name]] : [],
  );
  return new Map([
    ...begun,
    ...processes.map((process): [number, string] => [process.pid, titleOf(process)]),
  ]);
}
