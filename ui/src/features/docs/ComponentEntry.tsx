import type { Engine } from "@/engine/engine";
import type { ComponentReference } from "@/shared/api/reference";
import { FieldTable } from "./FieldTable";
import { LiveExample } from "./LiveExample";
import { Names } from "./Names";
import { Source } from "./Source";

export function ComponentEntry({ component, engine }: { component: ComponentReference; engine: Engine }) {
  const title = `components-${component.name}-title`;
  return (
    <section id={`components-${component.name}`} className="mt-10 scroll-mt-6" aria-labelledby={title}>
      <h3 id={title} className="font-mono font-semibold text-lg">
        {component.name}
      </h3>
      <p className="mt-1 text-ink-2">{component.summary}.</p>
      <div className="mt-3 grid gap-4 md:grid-cols-2">
        <LiveExample name={component.name} spec={component.app} engine={engine} />
        <Source value={component.example} />
      </div>
      <Names label="Also written" names={component.aliases} />
      <Names label="Events" names={component.events} />
      <FieldTable
        caption={`Properties of ${component.name}`}
        fields={component.props}
        bound={component.value}
      />
    </section>
  );
}
