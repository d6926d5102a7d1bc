import { ShieldCheck, ShieldX } from "lucide-react";
import { useCallback, useEffect, useState } from "react";
import { api } from "@/shared/api/client";
import type { Permissions } from "@/shared/api/types";
import { PushButton } from "@/shared/ui/PushButton";
import { Sheet } from "@/shared/ui/Sheet";
import { useDesk } from "../apps/DeskContext";
import type { DesktopWindow } from "../desktop/windowStore";
import { wish } from "./approvals";

const USES: Record<string, string> = {
  ai: "Asks the model, as you allow it",
  app: "Opens, shows and closes apps of its own",
  files: "Keeps files of its own, and reaches others as you allow it",
  http: "Contacts other servers, each one you allow",
  ipc: "Tells other apps things and hears them, as you allow it",
  storage: "Keeps data of its own",
  system: "Reads the time and what kind of system this is",
};

/** What an app uses and what it was allowed, and the way to take that back. */
export function PermissionsDialog({ window, onClose }: { window: DesktopWindow; onClose(): void }) {
  const { key, appId } = window;
  const desk = useDesk();
  const [permissions, setPermissions] = useState<Permissions | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const attempt = useCallback(async (work: () => Promise<Permissions>) => {
    try {
      setPermissions(await work());
      setFailure(null);
    } catch (cause) {
      setFailure(cause instanceof Error ? cause.message : String(cause));
    }
  }, []);
  useEffect(() => {
    if (appId) void attempt(() => api.permissions(appId));
  }, [appId, attempt]);
  const forget = () => {
    if (!appId) return;
    void attempt(async () => {
      await desk.forgetPermissions(key, appId);
      return api.permissions(appId);
    });
  };
  return (
    <Sheet
      title="Permissions"
      description="What this app uses, and what you answered when it asked."
      className="max-w-md"
      onClose={onClose}
    >
      <div className="flex flex-col gap-5 overflow-auto px-5 pt-2 pb-5 text-sm">
        {permissions && <Uses services={permissions.services} />}
        {permissions && (
          <section aria-label="Your answers">
            <h3 className="mb-1.5 font-semibold">Your answers</h3>
            {permissions.answers.length === 0 ? (
              <p className="text-ink-2">It has not asked for anything yet, or only for once.</p>
            ) : (
              <>
                <ul className="mb-3 divide-y divide-line rounded-xl border border-line">
                  {permissions.answers.map(({ need, allowed }) => (
                    <li key={JSON.stringify(need)} className="flex items-center gap-2.5 px-3.5 py-2.5">
                      {allowed ? (
                        <ShieldCheck size={17} className="flex-none text-success-ink" aria-hidden="true" />
                      ) : (
                        <ShieldX size={17} className="flex-none text-danger-ink" aria-hidden="true" />
                      )}
                      <span className="min-w-0 wrap-anywhere">
                        {allowed ? "May" : "May not"} {wish(need)}
                      </span>
                    </li>
                  ))}
                </ul>
                <PushButton onClick={forget}>Take all answers back</PushButton>
              </>
            )}
          </section>
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

function Uses({ services }: { services: string[] }) {
  return (
    <section aria-label="What it uses">
      <h3 className="mb-1.5 font-semibold">What it uses</h3>
      {services.length === 0 ? (
        <p className="text-ink-2">None of the services of this computer.</p>
      ) : (
        <ul className="list-disc pl-5 text-ink-2">
          {services.map((service) => (
            <li key={service}>{USES[service] ?? `The service “${service}”`}</li>
          ))}
        </ul>
      )}
    </section>
  );
}
