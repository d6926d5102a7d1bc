import clsx from "clsx";
import { useId, useState } from "react";
import type { GalleryApp, GalleryList } from "@/shared/api/types";
import { AppIcon } from "@/shared/ui/AppIcon";
import { useDesk } from "../apps/DeskContext";
import { holdsWords } from "./holdsWords";

const EVERYTHING = "All";

interface GalleryProps {
  gallery: GalleryList;
  /** Words that are searched for. */
  wanted: string;
  onOpened(): void;
}

/** The example apps by category, to open as they are. */
export function Gallery({ gallery, wanted, onOpened }: GalleryProps) {
  const [category, setCategory] = useState(EVERYTHING);
  const found = gallery.apps.filter((app) =>
    holdsWords([app.title, app.description, app.category].join(" "), wanted),
  );
  const searching = wanted.trim() !== "";
  const shown = gallery.categories
    .filter((one) => searching || category === EVERYTHING || one === category)
    .map((one) => ({ category: one, apps: found.filter((app) => app.category === one) }))
    .filter(({ apps }) => apps.length > 0);
  return (
    <>
      {!searching && (
        <div role="group" aria-label="Categories" className="mb-4 flex flex-wrap gap-1.5">
          {[EVERYTHING, ...gallery.categories].map((one) => (
            <button
              key={one}
              type="button"
              aria-pressed={one === category}
              className={clsx(
                "min-h-8 rounded-full border px-3 text-sm transition-colors",
                one === category
                  ? "border-transparent bg-accent font-medium text-on-accent"
                  : "border-line text-ink-2 hover:border-line-strong hover:bg-surface-2 hover:text-ink",
              )}
              onClick={() => setCategory(one)}
            >
              {one}
            </button>
          ))}
        </div>
      )}
      {shown.length === 0 && <p className="py-6 text-center text-ink-2">No example matches “{wanted}”.</p>}
      {shown.map(({ category: one, apps }) => (
        <section key={one} aria-label={one} className="mb-5 last:mb-0">
          <h4 className="mb-2 font-medium text-ink-2 text-sm">{one}</h4>
          <ul className="grid gap-2.5 sm:grid-cols-2">
            {apps.map((app) => (
              <ExampleCard key={app.id} app={app} onOpened={onOpened} />
            ))}
          </ul>
        </section>
      ))}
    </>
  );
}

function ExampleCard({ app, onOpened }: { app: GalleryApp; onOpened(): void }) {
  const desk = useDesk();
  const description = useId();
  const [failure, setFailure] = useState<string | null>(null);
  const open = () => {
    desk
      .openExample(app)
      .then(onOpened, (cause: unknown) => setFailure(`It could not be opened: ${String(cause)}`));
  };
  return (
    <li className="relative flex items-center gap-3.5 rounded-2xl border border-line p-3 transition-colors hover:border-line-strong hover:bg-surface-2">
      <AppIcon title={app.title} icon={app.icon} />
      <div className="min-w-0">
        <button
          type="button"
          className="block max-w-full truncate font-medium outline-none after:absolute after:inset-0 after:rounded-2xl focus-visible:after:outline-2 focus-visible:after:outline-ring"
          aria-label={`Open ${app.title}`}
          aria-describedby={description}
          onClick={open}
        >
          {app.title}
        </button>
        <p id={description} className="line-clamp-2 text-ink-3 text-sm leading-snug">
          {app.description}
        </p>
        {failure && (
          <p role="alert" className="text-danger-ink text-sm">
            {failure}
          </p>
        )}
      </div>
    </li>
  );
}
