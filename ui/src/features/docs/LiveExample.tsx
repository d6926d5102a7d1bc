/** A small app of the documentation, run by the same engine as any other; it has no server behind it. */
import { useEffect, useState } from "react";
import { AppHost } from "@/engine/appHost";
import type { Engine } from "@/engine/engine";
import type { UiSpec } from "@/engine/protocol";
import { Surface } from "@/surface/Surface";
import { desktopShell } from "../apps/desktopShell";

interface LiveExampleProps {
  name: string;
  spec: UiSpec;
  engine: Engine;
}

export function LiveExample({ name, spec, engine }: LiveExampleProps) {
  const [host, setHost] = useState<AppHost | null>(null);
  useEffect(() => {
    const app = `docs-${name}`;
    const opened = new AppHost({
      app,
      engine,
      shell: desktopShell(app, () => name),
      callService: async () => ({
        error: { code: "unavailable", message: "an example of the documentation has no server behind it" },
      }),
      onChange: () => undefined,
      onIssues: () => undefined,
    });
    opened.open(spec, {});
    setHost(opened);
    return () => opened.close();
  }, [name, spec, engine]);
  return (
    <section
      aria-label={`${name}, live`}
      data-window-key={`docs-${name}`}
      className="mt-2 grid min-h-32 min-w-0 rounded-xl border border-line bg-surface"
    >
      {host && <Surface nodes={host.nodes} host={host} layout={spec.layout} />}
    </section>
  );
}
