import { PlugZap } from "lucide-react";
import type { ModelSettings } from "@/shared/api/types";
import { PushButton } from "@/shared/ui/PushButton";
import { Field } from "./Field";
import { Result } from "./Result";
import { type Draft, draftFor, hasKey, servicesOf } from "./services";
import { sentence, useModelForm } from "./useModelForm";

interface ModelFormProps {
  settings: ModelSettings;
  onClose(): void;
}

/** Chooses the service, its address, the model and the key; tries them and keeps them. */
export function ModelForm({ settings, onClose }: ModelFormProps) {
  const services = servicesOf(settings);
  const { draft, models, outcome, change, reach, save } = useModelForm(settings, onClose);
  const { service } = draft;
  const isFixed = settings.fixed !== undefined;
  const isBusy = outcome.kind === "testing" || outcome.kind === "saving";
  const hasKeyHere = hasKey(draft, settings);
  const keepsKey = hasKeyHere && !draft.forgetsKey;
  const wrongField = outcome.kind === "failed" ? outcome.field : null;
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
                hasKeyHere && (
                  <button
                    type="button"
                    className="font-medium text-accent-ink text-sm underline-offset-2 hover:underline disabled:hidden"
                    onClick={() => change({ ...draft, forgetsKey: keepsKey })}
                  >
                    {keepsKey ? "Forget the key" : "Keep the key"}
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

function keyHelp(keepsKey: boolean, { service, forgetsKey }: Draft): string {
  if (keepsKey) return "Leave this empty to go on with the key that is kept.";
  if (forgetsKey) return "The key is forgotten when you save.";
  return service.needsKey
    ? "It stays on this computer and goes to this address only."
    : "Most servers on your own computer want none.";
}
