import { PlugZap } from "lucide-react";
import { type FormEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { ApiError, api } from "@/shared/api/client";
import type { ModelSettings, ReachedModels } from "@/shared/api/types";
import { useToasts } from "@/shared/toasts";
import { PushButton } from "@/shared/ui/PushButton";
import { type Draft, draftFor, draftInForce, keyIsKept, servicesOf, wordsOf } from "./services";
import { useSettings } from "./settingsStore";

type Outcome =
  | { kind: "none" }
  | { kind: "testing" | "saving" }
  | { kind: "reached"; reached: ReachedModels; model: string }
  | { kind: "failed"; message: string; field: string | null };

interface ModelFormProps {
  settings: ModelSettings;
  onClose(): void;
}

/** Chooses the service, its address, the model and the key; tries them and keeps them. */
export function ModelForm({ settings, onClose }: ModelFormProps) {
  const services = servicesOf(settings);
  const [draft, setDraft] = useState(() => draftInForce(settings));
  const [models, setModels] = useState<string[]>([]);
  const [outcome, setOutcome] = useState<Outcome>({ kind: "none" });
  const test = useRef<AbortController | null>(null);
  useEffect(() => () => test.current?.abort(), []);

  const { service } = draft;
  const isFixed = settings.fixed !== undefined;
  const isBusy = outcome.kind === "testing" || outcome.kind === "saving";
  const keepsKey = keyIsKept(draft, settings);
  const wrongField = outcome.kind === "failed" ? outcome.field : null;

  const change = (next: Draft) => {
    test.current?.abort();
    if (next.service !== draft.service || next.baseUrl !== draft.baseUrl) setModels([]);
    setDraft(next);
    setOutcome({ kind: "none" });
  };
  const failed = (cause: unknown) => setOutcome({ kind: "failed", ...toldBy(cause) });
  const reach = async () => {
    const asked = new AbortController();
    test.current = asked;
    setOutcome({ kind: "testing" });
    try {
      const reached = await api.tryModel(wordsOf(draft), asked.signal);
      setModels(reached.models);
      setOutcome({ kind: "reached", reached, model: draft.model.trim() });
    } catch (cause) {
      if (!asked.signal.aborted) failed(cause);
    }
  };
  const save = async (event: FormEvent) => {
    event.preventDefault();
    if (isFixed || isBusy) return;
    setOutcome({ kind: "saving" });
    try {
      const { provider, model } = await api.chooseModel(wordsOf(draft));
      useSettings.getState().setConnected(provider !== "offline");
      const message =
        provider === "offline" ? "The built-in composer writes your apps." : `${model} writes your apps.`;
      useToasts.getState().show({ window: null, tone: "success", message });
      onClose();
    } catch (cause) {
      failed(cause);
    }
  };
  return (
    <form className="flex flex-col gap-4 overflow-auto px-5 pt-2 pb-5" onSubmit={(event) => void save(event)}>
      {settings.fixed && (
        <p
          role="note"
          className="wrap-anywhere rounded-xl bg-warning-soft px-3.5 py-2.5 text-sm text-warning-ink"
        >
          {sentence(settings.fixed)}
        </p>
      )}
      <fieldset className="contents" disabled={isFixed} aria-label="The model">
        <Field label="Who writes apps">
          {(control) => (
            <select
              {...control}
              // biome-ignore lint/a11y/noAutofocus: a dialog that opens is where the person is.
              autoFocus
              className="control h-10 pr-9! pl-3"
              value={service.id}
              onChange={(event) => {
                const chosen = services.find(({ id }) => id === event.currentTarget.value);
                if (chosen) change(draftFor(chosen, settings));
              }}
            >
              {services.map(({ id, label }) => (
                <option key={id} value={id}>
                  {label}
                </option>
              ))}
            </select>
          )}
        </Field>
        {service.baseUrl !== null && (
          <>
            <Field label="Address" invalid={wrongField === "base_url"}>
              {(control) => (
                <input
                  {...control}
                  className="control h-10 px-3"
                  type="url"
                  required
                  autoComplete="off"
                  spellCheck={false}
                  placeholder="http://127.0.0.1:8000/v1"
                  value={draft.baseUrl}
                  onChange={(event) => change({ ...draft, baseUrl: event.currentTarget.value })}
                />
              )}
            </Field>
            <Field
              label="Model"
              help={
                models.length > 0
                  ? "The field lists the models that are there."
                  : "Test the connection to see which there are."
              }
              invalid={wrongField === "model"}
            >
              {(control) => (
                <>
                  <input
                    {...control}
                    className="control h-10 px-3"
                    list={`${control.id}-models`}
                    autoComplete="off"
                    spellCheck={false}
                    placeholder={service.model || "Its name"}
                    value={draft.model}
                    onChange={(event) => change({ ...draft, model: event.currentTarget.value })}
                  />
                  <datalist id={`${control.id}-models`}>
                    {models.map((model) => (
                      <option key={model} value={model} />
                    ))}
                  </datalist>
                </>
              )}
            </Field>
            <Field
              label="Key"
              help={keyHelp(keepsKey, draft)}
              invalid={wrongField === "api_key"}
              aside={
                keepsKey && (
                  <button
                    type="button"
                    className="font-medium text-accent-ink text-sm underline-offset-2 hover:underline disabled:hidden"
                    onClick={() => change({ ...draft, key: "", forgetsKey: true })}
                  >
                    Forget the key
                  </button>
                )
              }
            >
              {(control) => (
                <input
                  {...control}
                  className="control h-10 px-3"
                  type="password"
                  autoComplete="off"
                  placeholder={keepsKey ? "A key is kept" : ""}
                  value={draft.key}
                  onChange={(event) => change({ ...draft, key: event.currentTarget.value })}
                />
              )}
            </Field>
          </>
        )}
      </fieldset>
      <Result outcome={outcome} />
      <div className="flex flex-wrap justify-end gap-2 pt-1">
        <PushButton className="mr-auto" disabled={isBusy} onClick={() => void reach()}>
          <PlugZap size={16} aria-hidden="true" />
          Test connection
        </PushButton>
        <PushButton onClick={onClose}>{isFixed ? "Close" : "Cancel"}</PushButton>
        {!isFixed && (
          <PushButton type="submit" tone="primary" disabled={isBusy}>
            {outcome.kind === "saving" ? "Saving…" : "Save"}
          </PushButton>
        )}
      </div>
    </form>
  );
}

function Result({ outcome }: { outcome: Outcome }) {
  return (
    <>
      <p role="status" className="text-ink-2 text-sm empty:hidden">
        {outcome.kind === "testing" && "Asking which models are there…"}
        {outcome.kind === "reached" && <Reached {...outcome} />}
      </p>
      {outcome.kind === "failed" && (
        <p
          role="alert"
          className="wrap-anywhere rounded-xl bg-danger-soft px-3.5 py-2.5 text-danger-ink text-sm"
        >
          {outcome.message}
        </p>
      )}
    </>
  );
}

function Reached({ reached, model }: { reached: ReachedModels; model: string }) {
  const count = reached.models.length === 1 ? "1 model" : `${reached.models.length} models`;
  const there = `It answers and has ${count}.`;
  if (model === "" || reached.model_is_there) {
    return <span className="block rounded-xl bg-success-soft px-3.5 py-2.5 text-success-ink">{there}</span>;
  }
  return (
    <span className="wrap-anywhere block rounded-xl bg-warning-soft px-3.5 py-2.5 text-warning-ink">
      {there} “{model}” is not among them.
    </span>
  );
}

interface Control {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": true | undefined;
}

interface FieldProps {
  label: string;
  help?: string;
  invalid?: boolean;
  /** Beside the label. */
  aside?: ReactNode;
  children(control: Control): ReactNode;
}

function Field({ label, help, invalid = false, aside, children }: FieldProps) {
  const id = useId();
  const control: Control = {
    id,
    "aria-describedby": help ? `${id}-help` : undefined,
    "aria-invalid": invalid || undefined,
  };
  return (
    <div className="flex flex-col gap-1.5">
      <div className="flex items-baseline justify-between gap-3">
        <label htmlFor={id} className="font-medium text-ink-2 text-sm">
          {label}
        </label>
        {aside}
      </div>
      {children(control)}
      {help && (
        <p id={`${id}-help`} className="text-ink-3 text-sm">
          {help}
        </p>
      )}
    </div>
  );
}

function keyHelp(keepsKey: boolean, { service, forgetsKey }: Draft): string {
  if (keepsKey) return "Leave this empty to go on with the key that is kept.";
  if (forgetsKey) return "The key is forgotten when you save.";
  return service.needsKey
    ? "It stays on this computer and goes to this address only."
    : "Most servers on your own computer want none.";
}

function toldBy(cause: unknown): { message: string; field: string | null } {
  const message = sentence(cause instanceof Error ? cause.message : String(cause));
  const details = cause instanceof ApiError ? cause.details : null;
  const named = typeof details === "object" && details !== null && "field" in details ? details.field : null;
  return { message, field: typeof named === "string" ? named : null };
}

/** The server's words begin in lower case and end without a stop. */
function sentence(words: string): string {
  const begun = `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
  return /[.?!]$/.test(begun) ? begun : `${begun}.`;
}
