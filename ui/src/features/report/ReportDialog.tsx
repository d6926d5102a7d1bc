import { CircleCheck, Info, TriangleAlert } from "lucide-react";
import { useEffect, useState } from "react";
import type { Issue } from "@/engine/protocol";
import { api } from "@/shared/api/client";
import type { App, GenerationReport } from "@/shared/api/types";
import { Sheet } from "@/shared/ui/Sheet";
import type { DesktopWindow } from "../desktop/windowStore";

/** How an app came to be: who wrote it, what was mended, how it did when it was tried out. */
export function ReportDialog({ window, onClose }: { window: DesktopWindow; onClose(): void }) {
  const { appId } = window;
  const [app, setApp] = useState<App | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  useEffect(() => {
    if (!appId) return;
    api.app(appId).then(setApp, (cause: Error) => setFailure(cause.message));
  }, [appId]);
  return (
    <Sheet
      title="How this app was made"
      description="What AgentOS did before you saw it. Later edits are in its history."
      className="max-w-md"
      onClose={onClose}
    >
      <div className="flex flex-col gap-5 overflow-auto px-5 pt-2 pb-5 text-sm">
        {app && <Facts app={app} />}
        {app?.metadata?.report?.trial && <Trial report={app.metadata.report} />}
        {app?.metadata?.report && (
          <>
            <Issues title="Mended" icon="done" issues={app.metadata.report.mended} />
            <Issues
              title="Worth knowing"
              icon="warning"
              issues={[...app.metadata.report.issues, ...(app.metadata.report.trial?.issues ?? [])]}
            />
          </>
        )}
        {failure && (
          <p role="alert" className="rounded-xl bg-danger-soft px-3.5 py-2.5 text-danger-ink">
            {failure}
          </p>
        )}
      </div>
    </Sheet>
  );
}

function Facts({ app }: { app: App }) {
  const { request, report, from_registry } = app.metadata ?? {};
  const facts: [string, string][] = [["Opened", new Date(app.created_at).toLocaleString()]];
  if (request) facts.unshift(["Asked for", request]);
  if (from_registry) facts.push(["From", "your apps"]);
  if (report?.model) facts.push(["Written by", writer(report)], ["Took", duration(report.took_ms)]);
  if (report && report.repairs > 0) facts.push(["Went back to the model", times(report.repairs)]);
  if (report && report.usage.input + report.usage.output > 0) {
    const { input, output } = report.usage;
    facts.push(["Tokens", `${input.toLocaleString()} read, ${output.toLocaleString()} written`]);
  }
  return (
    <dl className="divide-y divide-line rounded-xl border border-line">
      {facts.map(([name, value]) => (
        <div key={name} className="flex justify-between gap-4 px-3.5 py-2.5">
          <dt className="flex-none text-ink-2">{name}</dt>
          <dd className="text-right wrap-anywhere">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function writer({ model, cached }: GenerationReport): string {
  if (!model) return "";
  const name = model.provider === "offline" ? "the built-in composer" : `${model.model} (${model.provider})`;
  return cached ? `${name}, for an earlier request` : name;
}

function duration(ms: number): string {
  return ms < 1_000 ? `${ms} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}

function Trial({ report: { trial } }: { report: GenerationReport }) {
  if (!trial) return null;
  const { events, used, untried } = trial;
  return (
    <section aria-label="Tried out" className="flex gap-2.5">
      <CircleCheck size={18} className="mt-px flex-none text-success-ink" aria-hidden="true" />
      <p>
        Tried out with {events} {events === 1 ? "event" : "events"} on {used.length}{" "}
        {used.length === 1 ? "control" : "controls"} before it was shown.
        {untried.length > 0 && ` There was no time for ${untried.join(", ")}.`}
      </p>
    </section>
  );
}

interface IssuesProps {
  title: string;
  icon: "done" | "warning";
  issues: Issue[];
}

function Issues({ title, icon, issues }: IssuesProps) {
  if (issues.length === 0) return null;
  const Icon = icon === "done" ? Info : TriangleAlert;
  return (
    <section aria-label={title}>
      <h3 className="mb-1.5 font-semibold">{title}</h3>
      <ul className="divide-y divide-line rounded-xl border border-line">
        {issues.map((issue, index) => (
          <li key={index} className="flex gap-2.5 px-3.5 py-2.5">
            <Icon size={16} className="mt-0.5 flex-none text-ink-3" aria-hidden="true" />
            <span className="min-w-0 wrap-anywhere">
              {issue.message}
              {issue.path && <code className="block text-ink-2 text-xs">{issue.path}</code>}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
