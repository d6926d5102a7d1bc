import { useEffect, useState } from "react";
import type { Json, PatchOp } from "@/engine/protocol";
import { api } from "@/shared/api/client";

interface VersionDifferenceProps {
  app: string;
  /** The version that is compared with the one before it. */
  version: number;
}

interface Change {
  path: string;
  before: string | null;
  after: string | null;
}

/** What an edit changed in the document: each place, what stood there and what stands there now. */
export function VersionDifference({ app, version }: VersionDifferenceProps) {
  const [changes, setChanges] = useState<Change[] | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  useEffect(() => {
    const asked = Promise.all([
      api.difference(app, version - 1, version),
      api.difference(app, version, version - 1),
    ]);
    asked.then(
      ([forth, back]) => setChanges(changesOf(forth.patch, back.patch)),
      (cause: Error) => setFailure(cause.message),
    );
  }, [app, version]);
  if (failure) {
    return (
      <p role="alert" className="mt-2 text-danger-ink">
        {failure}
      </p>
    );
  }
  return (
    <ul aria-label="Difference" className="mt-2 flex flex-col gap-2 text-ink">
      {changes?.map(({ path, before, after }, index) => (
        <li key={index} className="overflow-hidden rounded-lg border border-line bg-surface text-xs">
          <code className="block border-line border-b bg-surface-2 px-2.5 py-1 wrap-anywhere">{path}</code>
          {before !== null && <Line sign="−" word="Before" text={before} className="bg-danger-soft" />}
          {after !== null && <Line sign="+" word="After" text={after} className="bg-success-soft" />}
        </li>
      ))}
    </ul>
  );
}

interface LineProps {
  sign: string;
  word: string;
  text: string;
  className: string;
}

function Line({ sign, word, text, className }: LineProps) {
  return (
    <pre className={`flex gap-2 px-2.5 py-1 font-mono ${className}`}>
      <span aria-hidden="true">{sign}</span>
      <span className="sr-only">{word}: </span>
      <span className="min-w-0 whitespace-pre-wrap wrap-anywhere">{text}</span>
    </pre>
  );
}

/** The way forth says what is new, the way back what was there. */
function changesOf(forth: PatchOp[], back: PatchOp[]): Change[] {
  const gone = back.filter(({ op }) => op === "add" || op === "replace");
  return forth.map(({ op, path, value }) => {
    const index = gone.findIndex(
      (other) => other.path === path && (op === "replace") === (other.op === "replace"),
    );
    const [before] = op === "add" || index === -1 ? [] : gone.splice(index, 1);
    return {
      path,
      before: before ? written(before.value) : null,
      after: op === "remove" ? null : written(value),
    };
  });
}

function written(value: Json | undefined): string {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}
