import clsx from "clsx";
import { type FormEvent, useState } from "react";
import { api } from "@/shared/api/client";
import { useToasts } from "@/shared/toasts";
import { suggestedPicture } from "@/shared/ui/AppIcon";
import { PushButton } from "@/shared/ui/PushButton";
import { Sheet } from "@/shared/ui/Sheet";
import { NamedIcon } from "@/surface/icons";
import { type DesktopWindow, useWindows } from "../desktop/windowStore";

const CATEGORIES = ["productivity", "utilities", "creative", "games", "general"];
const ICONS = [
  "calculator",
  "todo",
  "note",
  "timer",
  "wallet",
  "book-open",
  "chart",
  "calendar",
  "heart",
  "star",
  "ruler",
  "zap",
];
const LONGEST_NAME = 50;
const LONGEST_DESCRIPTION = 200;

/** Keeps an app for later, under a name. */
export function SaveDialog({ window, onClose }: { window: DesktopWindow; onClose(): void }) {
  const [name, setName] = useState(window.title);
  const [description, setDescription] = useState("");
  const [category, setCategory] = useState("productivity");
  const [icon, setIcon] = useState(window.icon ?? suggestedPicture(window.title));
  const [icons] = useState(() => offeredIcons(icon));
  const [saving, setSaving] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);

  const save = async (event: FormEvent) => {
    event.preventDefault();
    if (!window.appId || name.trim() === "") return;
    setSaving(true);
    setFailure(null);
    try {
      const request = {
        app_id: window.appId,
        name: name.trim(),
        description: description.trim(),
        icon,
        category,
      };
      const { package_id } = await api.savePackage(request);
      useWindows
        .getState()
        .change(window.key, { packageId: package_id, title: request.name, icon: icon ?? null });
      useToasts
        .getState()
        .show({ window: null, tone: "success", message: `“${request.name}” is saved to your apps.` });
      onClose();
    } catch (cause) {
      setFailure(cause instanceof Error ? cause.message : String(cause));
      setSaving(false);
    }
  };
  return (
    <Sheet
      title="Save app"
      description="It will be in Apps, with its data, whenever you need it."
      className="max-w-md"
      onClose={onClose}
    >
      <form
        className="flex flex-col gap-4 overflow-auto px-5 pt-2 pb-5"
        onSubmit={(event) => void save(event)}
      >
        <label className="flex flex-col gap-1.5">
          <span className="font-medium text-ink-2 text-sm">Name</span>
          <input
            className="control h-10 px-3"
            required
            // biome-ignore lint/a11y/noAutofocus: a dialog that opens is where the person is.
            autoFocus
            maxLength={LONGEST_NAME}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
        </label>
        <label className="flex flex-col gap-1.5">
          <span className="font-medium text-ink-2 text-sm">Description</span>
          <textarea
            className="control resize-y px-3 py-2"
            rows={2}
            maxLength={LONGEST_DESCRIPTION}
            placeholder="What is it for?"
            value={description}
            onChange={(event) => setDescription(event.currentTarget.value)}
          />
        </label>
        <label className="flex flex-col gap-1.5">
          <span className="font-medium text-ink-2 text-sm">Category</span>
          <select
            aria-label="Category"
            className="control h-10 pr-9! pl-3"
            value={category}
            onChange={(event) => setCategory(event.currentTarget.value)}
          >
            {CATEGORIES.map((each) => (
              <option key={each} value={each}>
                {each[0]?.toUpperCase()}
                {each.slice(1)}
              </option>
            ))}
          </select>
        </label>
        <fieldset>
          <legend className="mb-1.5 font-medium text-ink-2 text-sm">Icon</legend>
          <div className="grid grid-cols-6 gap-1.5">
            {icons.map((each) => (
              <label
                key={each}
                className={clsx(
                  "grid h-11 place-items-center rounded-xl border has-focus-visible:outline-2 has-focus-visible:outline-ring",
                  each === icon
                    ? "border-accent bg-accent-soft text-accent-ink"
                    : "border-line text-ink-2 hover:bg-surface-2",
                )}
              >
                <input
                  type="radio"
                  name="icon"
                  className="sr-only"
                  aria-label={each}
                  checked={each === icon}
                  onChange={() => setIcon(each)}
                />
                <NamedIcon name={each} size={20} />
              </label>
            ))}
          </div>
        </fieldset>
        {failure && (
          <p role="alert" className="rounded-xl bg-danger-soft px-3.5 py-2.5 text-danger-ink text-sm">
            The app was not saved: {failure}
          </p>
        )}
        <div className="flex justify-end gap-2 pt-1">
          <PushButton onClick={onClose}>Cancel</PushButton>
          <PushButton type="submit" tone="primary" disabled={saving || name.trim() === ""}>
            {saving ? "Saving…" : "Save"}
          </PushButton>
        </div>
      </form>
    </Sheet>
  );
}

/** The usual icons, with the chosen one among them. */
function offeredIcons(chosen: string | undefined): string[] {
  return chosen && !ICONS.includes(chosen) ? [chosen, ...ICONS.slice(1)] : ICONS;
}
