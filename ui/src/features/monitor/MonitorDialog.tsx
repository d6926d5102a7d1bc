import { Tabs } from "radix-ui";
import type { KernelStats } from "@/shared/api/types";
import { Sheet } from "@/shared/ui/Sheet";
import { useDesk } from "../apps/DeskContext";
import { ActivityLog } from "./ActivityLog";
import { AuditCheck } from "./AuditCheck";
import { useMonitor } from "./monitorStore";
import { ProcessTable } from "./ProcessTable";
import { size } from "./size";
import { useKernel } from "./useKernel";

/** What runs, what it uses and may do, and what happens. */
export function MonitorDialog() {
  const { stream } = useDesk();
  const setOpen = useMonitor((store) => store.setOpen);
  const { processes, stats, events, failure, look } = useKernel(stream);
  return (
    <Sheet
      title="System monitor"
      description="What runs here, how much it uses, and what it may do."
      className="h-[44rem] max-w-3xl"
      onClose={() => setOpen(false)}
    >
      {stats && <Figures stats={stats} />}
      {failure && (
        <p
          role="alert"
          className="mx-5 mt-3 rounded-xl bg-warning-soft px-3.5 py-2.5 text-sm text-warning-ink"
        >
          What is shown may be old: {failure}
        </p>
      )}
      <Tabs.Root defaultValue="processes" className="flex min-h-0 flex-1 flex-col">
        <Tabs.List aria-label="View" className="flex flex-none gap-5 border-line border-b px-5 pt-2">
          <Tab value="processes">Processes</Tab>
          <Tab value="activity">Activity</Tab>
        </Tabs.List>
        <Tabs.Content value="processes" className="min-h-0 flex-1 overflow-auto px-5 py-3 -outline-offset-2">
          <ProcessTable processes={processes} newest={events.at(-1)?.seq ?? 0} onChanged={look} />
        </Tabs.Content>
        <Tabs.Content value="activity" className="flex min-h-0 flex-1 flex-col px-5 py-3 -outline-offset-2">
          <ActivityLog events={events} processes={processes} />
        </Tabs.Content>
      </Tabs.Root>
      <AuditCheck />
    </Sheet>
  );
}

function Tab({ value, children }: { value: string; children: string }) {
  return (
    <Tabs.Trigger
      value={value}
      className="-mb-px border-transparent border-b-2 px-0.5 py-2 font-medium text-ink-2 text-sm hover:text-ink data-[state=active]:border-accent data-[state=active]:text-ink"
    >
      {children}
    </Tabs.Trigger>
  );
}

const SHORT = { normal: "", warning: ", short", critical: ", full" } as const;

function Figures({ stats }: { stats: KernelStats }) {
  const calls = Object.values(stats.calls).reduce((sum, count) => sum + count, 0);
  const { processes, suspended, memory_bytes, memory_budget_bytes, memory_level, calls_in_flight, denials } =
    stats;
  return (
    <dl className="grid flex-none grid-cols-2 gap-2 px-5 pt-2 pb-1 sm:grid-cols-4">
      <Figure
        name="Processes"
        value={processes}
        aside={suspended > 0 ? `${suspended} suspended` : "all running"}
      />
      <Figure
        name="Memory"
        value={size(memory_bytes)}
        aside={`of ${size(memory_budget_bytes)}${SHORT[memory_level]}`}
      />
      <Figure name="Calls" value={calls.toLocaleString()} aside={`${calls_in_flight} in flight`} />
      <Figure name="Refused" value={denials.toLocaleString()} aside="calls without a grant" />
    </dl>
  );
}

function Figure({ name, value, aside }: { name: string; value: number | string; aside: string }) {
  return (
    <div className="flex items-baseline justify-between gap-2 rounded-xl bg-surface-2 px-3 py-1 sm:block sm:px-3.5 sm:py-2">
      <dt className="text-ink-2 text-xs">{name}</dt>
      <dd className="flex items-baseline gap-x-1.5 tabular-nums">
        <span className="font-semibold sm:text-lg">{value}</span>
        <span className="text-ink-2 text-xs max-sm:sr-only">{aside}</span>
      </dd>
    </div>
  );
}
