import { AlertDialog } from "radix-ui";
import { useQuestions } from "../questions";
import { PushButton } from "./PushButton";

/** Shows the first waiting question above everything else. */
export function Questions() {
  const { queue, answer } = useQuestions();
  const question = queue[0];
  if (!question) return null;
  const [safest] = question.answers;
  const suggested = question.answers.find(({ tone }) => tone === "primary") ?? safest;
  const safe = safest?.key ?? "";
  return (
    <AlertDialog.Root key={question.id} open onOpenChange={(open) => !open && answer(question.id, safe)}>
      <AlertDialog.Portal>
        {/* Radix's own overlay writes a style sheet into the page, which the server's content policy forbids. */}
        <div className="fixed inset-0 z-90 animate-fade bg-scrim" />
        <AlertDialog.Content className="-translate-x-1/2 -translate-y-1/2 fixed top-1/2 left-1/2 z-90 w-[min(26rem,calc(100vw-2rem))] animate-rise rounded-2xl border border-line bg-surface p-5 shadow-float">
          <AlertDialog.Title className="wrap-anywhere font-semibold text-lg">
            {question.title}
          </AlertDialog.Title>
          <AlertDialog.Description className="mt-1.5 wrap-anywhere whitespace-pre-line text-ink-2">
            {question.message}
          </AlertDialog.Description>
          <div className="mt-5 flex flex-wrap justify-end gap-2">
            {question.answers.map(({ key, label, tone }) => (
              <PushButton
                key={key}
                tone={tone}
                autoFocus={key === suggested?.key}
                onClick={() => answer(question.id, key)}
              >
                {label}
              </PushButton>
            ))}
          </div>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
