/** `/docs/apps`: the language, every component with a live example, every tool; written from the catalog. */
import { useEffect, useState } from "react";
import type { Engine } from "@/engine/engine";
import { loadEngine } from "@/engine/loadEngine";
import { api } from "@/shared/api/client";
import type { Reference } from "@/shared/api/reference";
import { Questions } from "@/shared/ui/Questions";
import { Toasts } from "@/shared/ui/Toasts";
import { Markdown } from "@/surface/Markdown";
import language from "../../../../docs/language.md?raw";
import { ComponentEntry } from "./ComponentEntry";
import { ToolEntry } from "./ToolEntry";

type Loaded = { reference: Reference; engine: Engine };

export function DocsPage() {
  const [loaded, setLoaded] = useState<Loaded | Error | null>(null);
  useEffect(() => {
    document.title = "Apps · AgentOS";
    Promise.all([api.catalog(), loadEngine()]).then(
      ([reference, engine]) => setLoaded({ reference, engine }),
      (cause: unknown) => setLoaded(cause instanceof Error ? cause : new Error(String(cause))),
    );
  }, []);
  useEffect(() => {
    // What the address points at is drawn only now.
    if (loaded && location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
  }, [loaded]);
  if (loaded instanceof Error) {
    return (
      <main className="grid h-dvh place-items-center bg-surface p-6">
        <p role="alert">The catalog could not be read: {loaded.message}. Reload the page to try again.</p>
      </main>
    );
  }
  return (
    <div className="h-dvh overflow-y-auto scroll-smooth bg-surface text-ink" aria-busy={loaded === null}>
      <div className="mx-auto grid max-w-6xl gap-x-12 px-5 py-10 lg:grid-cols-[13rem_minmax(0,1fr)]">
        {loaded && <Contents reference={loaded.reference} />}
        <main className="min-w-0">{loaded && <Chapters {...loaded} />}</main>
      </div>
      <Toasts window={null} />
      <Questions />
    </div>
  );
}

function Contents({ reference }: { reference: Reference }) {
  const links: [string, string, string[]][] = [
    ["Language", "language", []],
    ["Limits", "limits", []],
    ["Components", "components", reference.components.map((component) => component.name)],
    ["Tools", "tools", [...new Set(reference.tools.map(({ id }) => groupOf(id)))]],
  ];
  return (
    <nav
      aria-label="Contents"
      className="mb-8 max-h-48 overflow-y-auto text-sm lg:sticky lg:top-10 lg:mb-0 lg:max-h-[calc(100dvh-5rem)] lg:self-start"
    >
      <a href="/" className="font-medium text-accent-ink underline">
        AgentOS
      </a>
      {links.map(([title, id, entries]) => (
        <div key={id} className="mt-4">
          <a href={`#${id}`} className="font-semibold hover:underline">
            {title}
          </a>
          <ul className="mt-1 flex flex-wrap gap-x-3 lg:flex-col">
            {entries.map((entry) => (
              <li key={entry}>
                <a href={`#${id}-${entry}`} className="inline-block py-0.5 text-ink-2 hover:underline">
                  {entry}
                </a>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}

function Chapters({ reference, engine }: Loaded) {
  const groups = [...new Set(reference.tools.map(({ id }) => groupOf(id)))];
  return (
    <>
      <section id="language" className="max-w-3xl leading-relaxed">
        <Markdown source={language} />
      </section>
      <Chapter id="limits" title="Limits">
        <table className="mt-4 text-sm">
          <tbody>
            {reference.limits.map(({ of, most }) => (
              <tr key={of} className="border-line border-b">
                <th scope="row" className="py-1.5 pr-8 text-left font-normal text-ink-2">
                  {of}
                </th>
                <td className="py-1.5 text-right tabular-nums">{most.toLocaleString("en")}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Chapter>
      <Chapter id="components" title="Components">
        {reference.components.map((component) => (
          <ComponentEntry key={component.name} component={component} engine={engine} />
        ))}
      </Chapter>
      <Chapter id="tools" title="Tools">
        {groups.map((group) => (
          <section
            key={group}
            id={`tools-${group}`}
            className="mt-8"
            aria-labelledby={`tools-${group}-title`}
          >
            <h3 id={`tools-${group}-title`} className="font-semibold text-lg">
              {group}
            </h3>
            {reference.tools
              .filter(({ id }) => groupOf(id) === group)
              .map((tool) => (
                <ToolEntry key={tool.id} tool={tool} />
              ))}
          </section>
        ))}
      </Chapter>
    </>
  );
}

function Chapter({ id, title, children }: { id: string; title: string; children: React.ReactNode }) {
  return (
    <section id={id} className="mt-14" aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`} className="border-line border-b pb-2 font-semibold text-2xl">
        {title}
      </h2>
      {children}
    </section>
  );
}

function groupOf(tool: string): string {
  return tool.split(".", 1)[0] ?? tool;
}
