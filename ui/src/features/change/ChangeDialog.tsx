import { Sparkles } from "lucide-react";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { api } from "@/shared/api/client";
import { useToasts } from "@/shared/toasts";
import { PushButton } from "@/shared/ui/PushButton";
import { Sheet } from "@/shared/ui/Sheet";
import type { DesktopWindow } from "../desktop/windowStore";

const LONGEST_REQUEST = 4_000;

/** Has the model change an app that runs, as the person says. Closing it gives the question up. */
export function ChangeDialog({ window, onClose }: { window: DesktopWindow; onClose(): void }) {
  const [message, setMessage] = useState("");
  const [asking, setAsking] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const question = useRef<AbortController | null>(null);
  useEffect(() => () => question.current?.abort(), []);

  const ask = async (event: FormEvent) => {
    event.preventDefault();
    if (!window.appId || asking || message.trim() === "") return;
    const asked = new AbortController();
    question.current = asked;
    setAsking(true);
    setFailure(null);
    try {
      await api.askForEdit(window.appId, message.trim(), asked.signal);
      useToasts.getState().show({
        window: window.key,
        tone: "success",
        message: "Changed. History… in the window menu takes it back.",
      });
      onClose();
    } catch (cause) {
      if (asked.signal.aborted) return;
      setFailure(cause instanceof Error ? cause.message : String(cause));
      setAsking(false);
    }
  };
  return (
    <Sheet
      title="Change this app"
      description="Say what should be different. What you entered stays where it still fits."
      className="max-w-md"
      onClose={onClose}
    >
      <form
        className="flex flex-col gap-4 overflow-auto px-5 pt-2 pb-5"
        onSubmit={(event) => void ask(event)}
      >
        <label className="flex flex-col gap-1.5">
          <span className="font-medium text-ink-2 text-sm">What should be different?</span>
          <textarea
            className="control resize-y px-3 py-2"
            rows={3}
            required
            // biome-ignore lint/a11y/noAutofocus: a dialog that opens is where the person is.
            autoFocus
            readOnly={asking}
            maxLength={LONGEST_REQUEST}
            placeholder="Add a due date and sort by it"
            value={message}
            onChange={(event) => setMessage(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) void ask(event);
            }}
          />
        </label>
        <p role="status" className="text-ink-2 text-sm empty:hidden">
          {asking && "The change is being written and tried out…"}
        </p>
        {failure && (
          <p role="alert" className="rounded-xl bg-danger-soft px-3.5 py-2.5 text-danger-ink text-sm">
            {failure}
          </p>
        )}
        <div className="flex justify-end gap-2">
          <PushButton onClick={onClose}>Cancel</PushButton>
          <PushButton tone="primary" type="submit" disabled={asking || message.trim() === ""}>
            <Sparkles size={16} aria-hidden="true" />
            Change app
          </PushButton>
        </div>
      </form>
    </Sheet>
  );
}
