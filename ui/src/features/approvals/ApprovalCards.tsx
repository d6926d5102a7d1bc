import { ShieldQuestionMark } from "lucide-react";
import { useEffect, useId, useState } from "react";
import type { ApprovalAnswer } from "@/shared/api/types";
import { PushButton } from "@/shared/ui/PushButton";
import { useDesk } from "../apps/DeskContext";
import { type PendingApproval, useApprovals, wish } from "./approvals";

const ANSWERS: { answer: ApprovalAnswer; label: string }[] = [
  { answer: "once", label: "Once" },
  { answer: "session", label: "This session" },
  { answer: "always", label: "Always" },
  { answer: "never", label: "Never" },
];

/** The questions about one app, on its own window. */
export function ApprovalCards({ appId }: { appId: string | null }) {
  const pending = useApprovals((store) => store.pending);
  const own = pending.filter((approval) => approval.app_id === appId);
  if (own.length === 0) return null;
  return (
    <div className="flex max-h-[60%] flex-none flex-col overflow-auto border-line border-b bg-accent-soft">
      {own.map((approval) => (
        <ApprovalCard key={approval.id} approval={approval} />
      ))}
    </div>
  );
}

/** It takes no keyboard focus by itself, so that nobody who is typing answers it unread. */
function ApprovalCard({ approval }: { approval: PendingApproval }) {
  const desk = useDesk();
  const question = useId();
  const left = useSecondsLeft(approval.deadline);
  return (
    <section aria-labelledby={question} className="flex gap-3 px-4 py-3 text-sm">
      <ShieldQuestionMark size={20} className="mt-0.5 flex-none text-accent-ink" aria-hidden="true" />
      <div className="min-w-0 flex-1">
        <p id={question} role="alert" className="wrap-anywhere font-medium text-ink">
          <bdi>{approval.title}</bdi> wants to {wish(approval.need)}
        </p>
        <p className="mt-0.5 text-ink-2 text-xs tabular-nums">Without an answer it is refused in {left} s.</p>
        <div className="mt-2 flex flex-wrap gap-2">
          {ANSWERS.map(({ answer, label }) => (
            <PushButton
              key={answer}
              className="min-h-8! px-3!"
              tone={answer === "once" ? "primary" : "plain"}
              disabled={approval.answering}
              onClick={() => void desk.approvals.answer(approval.id, answer)}
            >
              {label}
            </PushButton>
          ))}
        </div>
      </div>
    </section>
  );
}

function useSecondsLeft(deadline: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return Math.max(0, Math.ceil((deadline - now) / 1000));
}
