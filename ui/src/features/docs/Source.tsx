import type { Json } from "@/engine/protocol";

export function Source({ value }: { value: Json }) {
  return (
    <pre
      tabIndex={0}
      className="mt-2 min-w-0 overflow-auto rounded-xl border border-line bg-surface-2 p-4 font-mono text-xs leading-relaxed"
    >
      <code>{JSON.stringify(value, null, 2)}</code>
    </pre>
  );
}
