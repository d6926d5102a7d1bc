import { useEffect, useState } from "react";
import { api } from "@/shared/api/client";
import type { ModelSettings } from "@/shared/api/types";
import { Sheet } from "@/shared/ui/Sheet";
import { ModelForm } from "./ModelForm";
import { useSettings } from "./settingsStore";

/** Which model writes apps. */
export function SettingsDialog() {
  const setOpen = useSettings((store) => store.setOpen);
  const [settings, setSettings] = useState<ModelSettings | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  useEffect(() => {
    api.settings().then(setSettings, (cause: unknown) => setFailure(String(cause)));
  }, []);
  return (
    <Sheet
      title="Settings"
      description="Who writes your apps. The composer needs nothing; a model builds and changes anything."
      className="max-w-lg"
      onClose={() => setOpen(false)}
    >
      {settings && <ModelForm settings={settings} onClose={() => setOpen(false)} />}
      {!settings && !failure && <p className="px-5 py-12 text-center text-ink-3">Looking…</p>}
      {failure && (
        <p role="alert" className="mx-5 mb-5 rounded-xl bg-danger-soft px-3.5 py-2.5 text-danger-ink text-sm">
          The settings could not be read: {failure}
        </p>
      )}
    </Sheet>
  );
}
