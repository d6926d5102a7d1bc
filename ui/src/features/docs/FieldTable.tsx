import type { Json } from "@/engine/protocol";
import type { FieldReference } from "@/shared/api/reference";

interface FieldTableProps {
  caption: string;
  fields: FieldReference[];
  /** The one that is bound both ways. */
  bound: string | null;
}

export function FieldTable({ caption, fields, bound }: FieldTableProps) {
  if (fields.length === 0) return null;
  return (
    <section className="mt-3 overflow-x-auto" aria-label={caption} tabIndex={0}>
      <table className="w-full min-w-md table-fixed text-left text-sm">
        <caption className="sr-only">{caption}</caption>
        <thead className="text-ink-3">
          <tr>
            <th scope="col" className="w-1/4 py-1 pr-4 font-medium">
              Name
            </th>
            <th scope="col" className="w-1/3 py-1 pr-4 font-medium">
              Takes
            </th>
            <th scope="col" className="py-1 font-medium">
              Meaning
            </th>
          </tr>
        </thead>
        <tbody>
          {fields.map((field) => (
            <tr key={field.name} className="border-line border-t align-top">
              <th scope="row" className="wrap-anywhere py-1.5 pr-4 font-mono font-normal">
                {field.name}
                {field.aliases.length > 0 && (
                  <span className="block text-ink-3 text-xs">{field.aliases.join(", ")}</span>
                )}
              </th>
              <td className="py-1.5 pr-4 text-ink-2">{field.kind}</td>
              <td className="py-1.5 text-ink-2">{meaning(field, bound === field.name)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function meaning(field: FieldReference, isBound: boolean): string {
  const parts = [
    field.summary,
    field.required && "must be there",
    isBound && "binds both ways",
    field.default !== null && `${shown(field.default)} if absent`,
  ];
  return parts.filter(Boolean).join("; ");
}

function shown(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
