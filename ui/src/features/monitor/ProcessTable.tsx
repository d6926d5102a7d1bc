import clsx from "clsx";
import { CirclePause, CirclePlay, CircleX, ShieldCheck } from "lucide-react";
import { Fragment, useId, useState } from "react";
import { api } from "@/shared/api/client";
import type { KernelProcess } from "@/shared/api/types";
import { ask } from "@/shared/questions";
import { useToasts } from "@/shared/toasts";
import { IconButton } from "@/shared/ui/IconButton";
import { GrantList } from "./GrantList";
import { size } from "./size";

interface ProcessTableProps {
  processes: KernelProcess[];
  /** The newest event: with it a grant may have come or gone. */
  newest: number;
  onChanged(): Promise<void>;
}

/** Every process with what it uses of what it may, and the hand on it. */
export function ProcessTable({ processes, newest, onChanged }: ProcessTableProps) {
  const [shown, setShown] = useState<string | null>(null);
  return (
    <table className="w-full border-collapse text-sm">
      <caption className="sr-only">Processes</caption>
      <thead>
        <tr className="border-line border-b text-left text-ink-2 text-xs">
          <th scope="col" className="py-1.5 pr-3 font-medium">
            Process
          </th>
          <th scope="col" className="w-28 py-1.5 pr-3 font-medium sm:w-48">
            Memory
          </th>
          <th scope="col" className="hidden w-20 py-1.5 pr-3 text-right font-medium sm:table-cell">
            Calls
          </th>
          <th scope="col" className="w-24 py-1.5 text-right font-medium">
            <span className="sr-only">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {processes.map((process) => (
          <ProcessRow
            key={identity(process)}
            process={process}
            newest={newest}
            showsGrants={shown === identity(process)}
            onShowGrants={() => setShown(shown === identity(process) ? null : identity(process))}
            onChanged={onChanged}
          />
        ))}
      </tbody>
    </table>
  );
}

interface ProcessRowProps {
  process: KernelProcess;
  newest: number;
  showsGrants: boolean;
  onShowGrants(): void;
  onChanged(): Promise<void>;
}

function ProcessRow({ process, newest, showsGrants, onShowGrants, onChanged }: ProcessRowProps) {
  const grants = useId();
  const { pid, state, usage } = process;
  const title = titleOf(process);
  return (
    <Fragment>
      <tr className={clsx("align-middle", !showsGrants && "border-line border-b")}>
        <th scope="row" className="min-w-0 py-2.5 pr-3 text-left font-normal">
          <span className="wrap-anywhere block font-medium">{title}</span>
          <span className="block text-ink-2 text-xs">
            {state === "suspended" ? <strong className="text-warning-ink">Suspended</strong> : "Running"},
            process {pid}
          </span>
        </th>
        <td className="py-2.5 pr-3">
          <Memory process={process} />
        </td>
        <td className="hidden py-2.5 pr-3 text-right tabular-nums sm:table-cell">
          {usage.calls.toLocaleString()}
        </td>
        <td className="py-2.5">
          {process.parent !== null && (
            <div className="flex justify-end">
              <IconButton
                icon={ShieldCheck}
                label={`What ${title} may do`}
                aria-expanded={showsGrants}
                aria-controls={showsGrants ? grants : undefined}
                className={clsx(showsGrants && "bg-surface-3 text-ink")}
                onClick={onShowGrants}
              />
              <Hands process={process} title={title} onChanged={onChanged} />
            </div>
          )}
        </td>
      </tr>
      {showsGrants && (
        <tr id={grants} className="border-line border-b">
          <td colSpan={4} className="pb-3">
            <GrantList pid={pid} newest={newest} title={title} onChanged={onChanged} />
          </td>
        </tr>
      )}
    </Fragment>
  );
}

interface HandsProps {
  process: KernelProcess;
  title: string;
  onChanged(): Promise<void>;
}

function Hands({ process, title, onChanged }: HandsProps) {
  const { pid, state } = process;
  const act = async (work: Promise<unknown>) => {
    await work.catch((cause: unknown) => {
      const message = cause instanceof Error ? cause.message : String(cause);
      useToasts.getState().show({ window: null, tone: "danger", message: `Process ${pid}: ${message}` });
    });
    await onChanged();
  };
  const kill = async () => {
    const answer = await ask({
      title: `Kill “${title}”?`,
      message: "What it is doing ends at once. Its window stays, and starts it again when you ask.",
      answers: [
        { key: "keep", label: "Let it run" },
        { key: "kill", label: "Kill", tone: "danger" },
      ],
    });
    if (answer === "kill") await act(killed(process));
  };
  return (
    <>
      {state === "suspended" ? (
        <IconButton
          icon={CirclePlay}
          label={`Resume ${title}`}
          onClick={() => void act(api.resumeProcess(pid))}
        />
      ) : (
        <IconButton
          icon={CirclePause}
          label={`Suspend ${title}`}
          onClick={() => void act(api.suspendProcess(pid))}
        />
      )}
      <IconButton
        icon={CircleX}
        label={`Kill ${title}`}
        className="hover:text-danger-ink!"
        onClick={() => void kill()}
      />
    </>
  );
}

/** While the question was open the server may have been started again, which gives numbers anew. */
async function killed(process: KernelProcess): Promise<void> {
  const now = await api.processes();
  if (now.some((other) => identity(other) === identity(process))) await api.killProcess(process.pid);
}

function identity({ pid, started_at }: KernelProcess): string {
  return `${pid} ${started_at}`;
}

/** The bar says the same as the words beside it. */
function Memory({ process: { usage, limits } }: { process: KernelProcess }) {
  const share = Math.min(1, usage.memory_bytes / limits.memory_bytes);
  return (
    <>
      <span className="block text-xs tabular-nums">
        {size(usage.memory_bytes)} <span className="text-ink-2">of {size(limits.memory_bytes)}</span>
      </span>
      <span aria-hidden="true" className="mt-1 block h-1.5 overflow-hidden rounded-full bg-surface-3">
        <span
          className={clsx("block h-full rounded-full", share > 0.8 ? "bg-warning" : "bg-accent")}
          style={{ width: `${share * 100}%` }}
        />
      </span>
    </>
  );
}

/** The app's, else the process's own. */
export function titleOf({ title, name, parent }: KernelProcess): string {
  return title ?? (parent === null ? "AgentOS" : name);
}
