import { Search, Trash2 } from "lucide-react";
import { useCallback, useEffect, useId, useState } from "react";
import { api } from "@/shared/api/client";
import type { GalleryList, PackageMetadata } from "@/shared/api/types";
import { ask } from "@/shared/questions";
import { AppIcon } from "@/shared/ui/AppIcon";
import { IconButton } from "@/shared/ui/IconButton";
import { PushButton } from "@/shared/ui/PushButton";
import { Sheet } from "@/shared/ui/Sheet";
import { useDesk } from "../apps/DeskContext";
import { Gallery } from "../gallery/Gallery";
import { holdsWords } from "../gallery/holdsWords";

type Shelf =
  | { kind: "loading" }
  | { kind: "failed"; message: string }
  | { kind: "loaded"; apps: PackageMetadata[]; gallery: GalleryList };

/** The saved apps, to find, open and delete, and the gallery of examples. */
export function Launcher({ onClose }: { onClose(): void }) {
  const [shelf, setShelf] = useState<Shelf>({ kind: "loading" });
  const [wanted, setWanted] = useState("");
  const load = useCallback(() => {
    Promise.all([api.packages(), api.gallery()]).then(
      ([apps, gallery]) => setShelf({ kind: "loaded", apps, gallery }),
      (cause: unknown) =>
        setShelf({ kind: "failed", message: cause instanceof Error ? cause.message : String(cause) }),
    );
  }, []);
  useEffect(load, [load]);
  return (
    <Sheet title="Apps" className="min-h-96 max-w-3xl" onClose={onClose}>
      <div className="relative mx-5 mt-1 mb-4 flex-none">
        <Search
          size={17}
          className="-translate-y-1/2 pointer-events-none absolute top-1/2 left-3 text-ink-3"
          aria-hidden="true"
        />
        <input
          type="search"
          // biome-ignore lint/a11y/noAutofocus: a dialog that opens is where the person is.
          autoFocus
          className="control h-10 pr-3 pl-9.5"
          aria-label="Search apps"
          placeholder="Search apps"
          value={wanted}
          onChange={(event) => setWanted(event.currentTarget.value)}
        />
      </div>
      <div className="min-h-0 flex-1 overflow-auto px-5 pb-5">
        {shelf.kind === "loading" && <p className="py-12 text-center text-ink-3">Looking for your apps…</p>}
        {shelf.kind === "failed" && (
          <div role="alert" className="flex flex-col items-center gap-3 py-12 text-center">
            <p className="text-ink-2">Your apps could not be listed: {shelf.message}.</p>
            <PushButton onClick={load}>Try again</PushButton>
          </div>
        )}
        {shelf.kind === "loaded" && (
          <>
            <section aria-label="Your apps" className="mb-7">
              <h3 className="mb-2.5 font-semibold">Your apps</h3>
              <Packages apps={shelf.apps} wanted={wanted} onLaunched={onClose} onDeleted={load} />
            </section>
            <section aria-label="Gallery">
              <h3 className="mb-2.5 font-semibold">Gallery</h3>
              <Gallery gallery={shelf.gallery} wanted={wanted} onOpened={onClose} />
            </section>
          </>
        )}
      </div>
    </Sheet>
  );
}

interface PackagesProps {
  apps: PackageMetadata[];
  wanted: string;
  onLaunched(): void;
  onDeleted(): void;
}

function Packages({ apps, wanted, onLaunched, onDeleted }: PackagesProps) {
  const shown = apps.filter((app) => describes(app, wanted));
  if (apps.length === 0) {
    return (
      <p className="text-ink-2">
        Nothing saved yet. Describe an app on the desktop or open one below, then choose Save in its title bar
        to keep it here.
      </p>
    );
  }
  if (shown.length === 0) return <p className="text-ink-2">No saved app matches “{wanted}”.</p>;
  return (
    <ul className="grid gap-2.5 sm:grid-cols-2">
      {shown.map((app) => (
        <PackageCard key={app.id} app={app} onLaunched={onLaunched} onDeleted={onDeleted} />
      ))}
    </ul>
  );
}

interface PackageCardProps {
  app: PackageMetadata;
  onLaunched(): void;
  onDeleted(): void;
}

function PackageCard({ app, onLaunched, onDeleted }: PackageCardProps) {
  const desk = useDesk();
  const description = useId();
  const [failure, setFailure] = useState<string | null>(null);
  const launch = () => {
    desk
      .launch(app)
      .then(onLaunched, (cause: unknown) => setFailure(`It could not be opened: ${String(cause)}`));
  };
  const remove = async () => {
    const answer = await ask({
      title: `Delete “${app.name}”?`,
      message: "The saved app and its data are deleted from this computer.",
      answers: [
        { key: "keep", label: "Keep" },
        { key: "delete", label: "Delete", tone: "danger" },
      ],
    });
    if (answer !== "delete") return;
    api
      .deletePackage(app.id)
      .then(onDeleted, (cause: unknown) => setFailure(`It could not be deleted: ${String(cause)}`));
  };
  return (
    <li className="relative flex items-center gap-3.5 rounded-2xl border border-line p-3 pr-12 transition-colors has-[[data-open]:hover]:border-line-strong has-[[data-open]:hover]:bg-surface-2">
      <AppIcon title={app.name} icon={app.icon} />
      <div className="min-w-0">
        <button
          type="button"
          data-open
          className="block max-w-full truncate font-medium outline-none after:absolute after:inset-0 after:rounded-2xl focus-visible:after:outline-2 focus-visible:after:outline-ring"
          aria-label={`Open ${app.name}`}
          aria-describedby={description}
          onClick={launch}
        >
          {app.name}
        </button>
        <p id={description} className="truncate text-ink-3 text-sm">
          {app.description || app.category}
        </p>
        {failure && (
          <p role="alert" className="text-danger-ink text-sm">
            {failure}
          </p>
        )}
      </div>
      <IconButton
        icon={Trash2}
        size={16}
        label={`Delete ${app.name}`}
        className="absolute top-1/2 right-2.5 -translate-y-1/2"
        onClick={() => void remove()}
      />
    </li>
  );
}

function describes(app: PackageMetadata, wanted: string): boolean {
  return holdsWords([app.name, app.description, app.category, ...app.tags].join(" "), wanted);
}
