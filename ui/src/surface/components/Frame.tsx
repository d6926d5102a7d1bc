/** Another page, sandboxed without its own origin; the history of `browser.*` is kept here. */
import clsx from "clsx";
import { GlobeOff } from "lucide-react";
import { useRef, useState } from "react";
import type { NodeOf } from "@/engine/protocol";
import { useCommands } from "../commands";
import { nameFromId } from "../look";
import { NotLoaded } from "../NotLoaded";
import { useSource } from "../useSource";

const HTTP = /^https?:\/\//i;
const ROUNDED = { none: "", small: "rounded-md", medium: "rounded-xl", large: "rounded-3xl" };

interface History {
  /** The property it began with: another one begins a new history. */
  from: string;
  pages: string[];
  at: number;
  /** Counts reloads, each of which makes the frame anew. */
  loads: number;
}

export function Frame({ node }: { node: NodeOf<"iframe"> }) {
  const { props } = node;
  const element = useRef<HTMLDivElement>(null);
  const start = props.src ?? "";
  const [kept, setHistory] = useState<History>(() => beginAt(start));
  const history = kept.from === start ? kept : beginAt(start);
  const go = (by: number) => {
    const at = history.at + by;
    if (at < 0 || at >= history.pages.length) throw new Error("there is no page to go to");
    setHistory({ ...history, at });
  };
  useCommands(element, {
    navigate: ({ url }) => {
      const page = String(url);
      if (!HTTP.test(page)) throw new Error("only http and https pages can be shown");
      const pages = [...history.pages.slice(0, history.at + 1), page];
      setHistory({ ...history, pages, at: pages.length - 1 });
    },
    back: () => go(-1),
    forward: () => go(1),
    refresh: () => setHistory({ ...history, loads: history.loads + 1 }),
  });
  const source = useSource(history.pages[history.at]);
  return (
    <div
      ref={element}
      data-node-id={node.id}
      className={clsx(
        "max-w-full overflow-hidden bg-white",
        (props.bordered ?? true) && "border border-line",
        ROUNDED[props.rounded ?? "none"],
      )}
      style={{ width: props.width ?? "100%", height: props.height ?? 400, ...props.style }}
    >
      {source.url !== undefined ? (
        <iframe
          key={`${history.at}:${history.loads}`}
          src={source.url}
          title={String(props.title ?? nameFromId(node.id))}
          sandbox="allow-scripts allow-forms allow-popups"
          referrerPolicy="no-referrer"
          loading="lazy"
          className="size-full"
        />
      ) : (
        <NotLoaded
          icon={GlobeOff}
          name={String(props.title ?? nameFromId(node.id))}
          source={source}
          className="size-full rounded-none!"
        />
      )}
    </div>
  );
}

function beginAt(page: string): History {
  return { from: page, pages: [page], at: 0, loads: 0 };
}
