/** A line of names after a word that says what they are; nothing where there are none. */
export function Names({ label, names }: { label: string; names: string[] }) {
  if (names.length === 0) return null;
  return (
    <p className="mt-3 text-ink-3 text-sm">
      {label}: <span className="font-mono text-ink-2">{names.join(", ")}</span>
    </p>
  );
}
