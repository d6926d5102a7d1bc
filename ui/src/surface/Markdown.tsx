/** A small part of Markdown, drawn as elements: headings, lists, paragraphs, code, emphasis, links. */
import { Fragment, type ReactNode } from "react";

type Block =
  | { kind: "heading"; level: 1 | 2 | 3; text: string }
  | { kind: "list"; ordered: boolean; items: string[] }
  | { kind: "code"; text: string }
  | { kind: "paragraph"; text: string };

const INLINE = /(`[^`]+`|\*\*[^*]+\*\*|\*[^*\s][^*]*\*|_[^_\s][^_]*_|\[[^\]]+\]\(https?:\/\/[^)\s]+\))/;

export function Markdown({ source }: { source: string }) {
  return (
    <div className="flex flex-col gap-2">
      {parseBlocks(source).map((block, index) => (
        <Fragment key={index}>{drawBlock(block)}</Fragment>
      ))}
    </div>
  );
}

function parseBlocks(source: string): Block[] {
  const blocks: Block[] = [];
  const lines = source.split(/\r?\n/);
  for (let at = 0; at < lines.length; ) {
    const line = lines[at] ?? "";
    if (line.startsWith("```")) {
      const end = lines.findIndex((other, index) => index > at && other.startsWith("```"));
      const stop = end === -1 ? lines.length : end;
      blocks.push({ kind: "code", text: lines.slice(at + 1, stop).join("\n") });
      at = stop + 1;
      continue;
    }
    addLine(blocks, line, at > 0 && (lines[at - 1] ?? "").trim() !== "");
    at += 1;
  }
  return blocks;
}

function addLine(blocks: Block[], line: string, continues: boolean): void {
  const last = blocks.at(-1);
  const heading = /^(#{1,3})\s+(.*)$/.exec(line);
  const item = /^\s*(?:([-*+])|(\d+)[.)])\s+(.*)$/.exec(line);
  if (line.trim() === "") return;
  if (heading) {
    const level = Math.min(heading[1]?.length ?? 1, 3) as 1 | 2 | 3;
    blocks.push({ kind: "heading", level, text: heading[2] ?? "" });
  } else if (item) {
    const ordered = item[2] !== undefined;
    if (continues && last?.kind === "list" && last.ordered === ordered) last.items.push(item[3] ?? "");
    else blocks.push({ kind: "list", ordered, items: [item[3] ?? ""] });
  } else if (continues && last?.kind === "paragraph") last.text += `\n${line}`;
  else blocks.push({ kind: "paragraph", text: line });
}

function drawBlock(block: Block): ReactNode {
  switch (block.kind) {
    case "heading": {
      const Heading = `h${block.level}` as const;
      return (
        <Heading className={block.level === 1 ? "font-semibold text-xl" : "font-semibold text-lg"}>
          {inline(block.text)}
        </Heading>
      );
    }
    case "list": {
      const List = block.ordered ? "ol" : "ul";
      return (
        <List className={block.ordered ? "list-decimal pl-6" : "list-disc pl-6"}>
          {block.items.map((item, index) => (
            <li key={index}>{inline(item)}</li>
          ))}
        </List>
      );
    }
    case "code":
      return (
        <pre tabIndex={0} className="overflow-x-auto rounded-lg bg-surface-2 p-3 font-mono text-sm">
          <code>{block.text}</code>
        </pre>
      );
    case "paragraph":
      return <p className="whitespace-pre-line">{inline(block.text)}</p>;
  }
}

function inline(text: string): ReactNode[] {
  return text.split(INLINE).map((part, index) => {
    const key = `${index}:${part}`;
    if (index % 2 === 0) return part;
    if (part.startsWith("`"))
      return (
        <code key={key} className="rounded bg-surface-3 px-1 font-mono text-[0.9em]">
          {part.slice(1, -1)}
        </code>
      );
    if (part.startsWith("**")) return <strong key={key}>{part.slice(2, -2)}</strong>;
    if (/^[*_]/.test(part)) return <em key={key}>{part.slice(1, -1)}</em>;
    const link = /^\[([^\]]+)\]\((https?:\/\/[^)\s]+)\)$/.exec(part);
    if (link) {
      return (
        <a
          key={key}
          href={link[2]}
          target="_blank"
          rel="noopener noreferrer"
          className="text-accent-ink underline"
        >
          {link[1]}
        </a>
      );
    }
    return part;
  });
}
