import type { ToolReference } from "@/shared/api/reference";
import { FieldTable } from "./FieldTable";
import { Source } from "./Source";

const RUNS = {
  engine: "in the engine",
  shell: "on the desktop",
  service: "on the server, as the app",
};

export function ToolEntry({ tool }: { tool: ToolReference }) {
  return (
    <article className="mt-5" aria-label={tool.id}>
      <h4 className="font-medium font-mono">{tool.id}</h4>
      <p className="mt-1 text-ink-2 text-sm">
        {tool.summary}. Answers {tool.returns}; runs {RUNS[tool.runs]}
        {tool.reads && "; only reads, so a query may call it"}.
      </p>
      <FieldTable caption={`Arguments of ${tool.id}`} fields={tool.params} bound={null} />
      <Source value={{ tool: tool.id, args: tool.example.args }} />
    </article>
  );
}
