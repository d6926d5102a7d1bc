import { ShieldCheck, ShieldX } from "lucide-react";
import { useCallback, useEffect, useState } from "react";
import { api } from "@/shared/api/client";
import type { Grant } from "@/shared/api/types";
import { PushButton } from "@/shared/ui/PushButton";

interface GrantListProps {
  pid: number;
  /** Loaded again with every event. */
  newest: number;
  title: string;
  onChanged(): Promise<void>;
}

/** What one process may do, each with the way to take it back. */
export function GrantList({ pid, newest, title, onChanged }: GrantListProps) {
  const [grants, setGrants] = useState<Grant[] | null>(null);
  const [unread, setUnread] = useState<string | null>(null);
  const [kept, setKept] = useState<string | null>(null);
  const load = useCallback(async () => {
    try {
      setGrants(await api.grants(pid));
      setUnread(null);
    } catch (cause) {
      setUnread(reason(cause));
    }
  }, [pid]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each event may have changed what is granted.
  useEffect(() => void load(), [load, newest]);
  const revoke = async (grant: Grant) => {
    setKept(null);
    await api.revokeGrant(grant.id).catch((cause: unknown) => setKept(reason(cause)));
    await Promise.all([load(), onChanged()]);
  };
  const failure = kept ?? unread;
  return (
    <div className="rounded-xl bg-surface-2 px-3.5 py-1.5">
      {grants?.length === 0 && <p className="py-1.5 text-ink-2">It may do nothing.</p>}
      <ul aria-label={`What ${title} may do`} className="divide-y divide-line">
        {grants?.map((grant) => (
          <li key={grant.id} className="flex items-center gap-2.5 py-1.5">
            {grant.rule === "allow" ? (
              <ShieldCheck size={17} className="flex-none text-success-ink" aria-hidden="true" />
            ) : (
              <ShieldX size={17} className="flex-none text-danger-ink" aria-hidden="true" />
            )}
            <span className="wrap-anywhere min-w-0 flex-1">
              {grant.rule === "allow" ? "May" : "May not"} {grant.text}
              {grant.parent !== null && <span className="text-ink-2"> (from grant {grant.parent})</span>}
            </span>
            <PushButton
              className="min-h-8! px-3!"
              aria-label={`Revoke: ${grant.text}`}
              onClick={() => void revoke(grant)}
            >
              Revoke
            </PushButton>
          </li>
        ))}
      </ul>
      {failure && (
        <p role="alert" className="py-1.5 text-danger-ink">
          {failure}
        </p>
      )}
    </div>
  );
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
