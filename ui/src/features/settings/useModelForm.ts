import { type FormEvent, useEffect, useRef, useState } from "react";
import { ApiError, api } from "@/shared/api/client";
import type { ModelSettings, ReachedModels } from "@/shared/api/types";
import { useToasts } from "@/shared/toasts";
import { type Draft, draftInForce, wordsOf } from "./services";
import { useSettings } from "./settingsStore";

export type Outcome =
  | { kind: "none" }
  | { kind: "testing" | "saving" }
  | { kind: "reached"; reached: ReachedModels; model: string }
  | { kind: "failed"; message: string; field: string | null };

/** What the form holds, the models that were found for it, and how trying and saving went. */
export function useModelForm(settings: ModelSettings, onSaved: () => void) {
  const [draft, setDraft] = useState(() => draftInForce(settings));
  const [models, setModels] = useState<string[]>([]);
  const [outcome, setOutcome] = useState<Outcome>({ kind: "none" });
  const test = useRef<AbortController | null>(null);
  useEffect(() => () => test.current?.abort(), []);

  const change = (next: Draft) => {
    test.current?.abort();
    if (next.service !== draft.service || next.baseUrl !== draft.baseUrl) setModels([]);
    setDraft(next);
    setOutcome({ kind: "none" });
  };
  const reach = async () => {
    const asked = new AbortController();
    test.current = asked;
    setOutcome({ kind: "testing" });
    try {
      const reached = await api.tryModel(wordsOf(draft), asked.signal);
      setModels(reached.models);
      setOutcome({ kind: "reached", reached, model: draft.model.trim() });
    } catch (cause) {
      if (!asked.signal.aborted) setOutcome(failure(cause));
    }
  };
  const save = async (event: FormEvent) => {
    event.preventDefault();
    setOutcome({ kind: "saving" });
    try {
      announce(await api.chooseModel(wordsOf(draft)));
      onSaved();
    } catch (cause) {
      setOutcome(failure(cause));
    }
  };
  return { draft, models, outcome, change, reach, save };
}

function announce({ provider, model }: ModelSettings): void {
  const isConnected = provider !== "offline";
  useSettings.getState().setConnected(isConnected);
  const message = `${isConnected ? model : "The built-in composer"} writes your apps.`;
  useToasts.getState().show({ window: null, tone: "success", message });
}

function failure(cause: unknown): Outcome {
  const message = sentence(cause instanceof Error ? cause.message : String(cause));
  const details = cause instanceof ApiError ? cause.details : null;
  const named = typeof details === "object" && details !== null && "field" in details ? details.field : null;
  return { kind: "failed", message, field: typeof named === "string" ? named : null };
}

/** The server's words begin in lower case and end without a stop. */
export function sentence(words: string): string {
  const begun = `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
  return /[.?!]$/.test(begun) ? begun : `${begun}.`;
}
