import { RefreshCw } from "lucide-react";
import { useEffect, useState } from "react";
import { loadEngine } from "./engine/loadEngine";
import { DeskContext } from "./features/apps/DeskContext";
import { Desk } from "./features/apps/desk";
import { Desktop } from "./features/desktop/Desktop";
import { ErrorBoundary } from "./features/desktop/ErrorBoundary";
import { ApiError, api } from "./shared/api/client";
import { browserSocket, Stream } from "./shared/api/stream";
import { PushButton } from "./shared/ui/PushButton";

type Start =
  | { kind: "starting" }
  | { kind: "ready"; desk: Desk }
  | { kind: "failed"; title: string; message: string; retries: boolean };

export function App() {
  const [start, setStart] = useState<Start>({ kind: "starting" });
  useEffect(() => {
    let left = false;
    const began = beginDesk();
    began.then((next) => {
      if (!left) setStart(next);
    });
    return () => {
      left = true;
    };
  }, []);
  switch (start.kind) {
    case "starting":
      return <div className="wallpaper h-dvh" aria-busy="true" />;
    case "failed":
      return <StartFailure {...start} />;
    case "ready":
      return (
        <ErrorBoundary
          fallback={(error) => (
            <StartFailure title="The desktop broke" message={error.message} retries={false} />
          )}
        >
          <DeskContext value={start.desk}>
            <Desktop />
          </DeskContext>
        </ErrorBoundary>
      );
  }
}

let beginning: Promise<Start> | undefined;

/** One desk a page, however often React mounts the page. */
function beginDesk(): Promise<Start> {
  beginning ??= begin();
  return beginning;
}

async function begin(): Promise<Start> {
  const engine = await loadEngine().catch((cause: unknown) => String(cause));
  if (typeof engine === "string") {
    return {
      kind: "failed",
      title: "The engine could not be loaded",
      message: `Apps run in this page through WebAssembly, and that did not start. ${engine}`,
      retries: false,
    };
  }
  const stream = new Stream(browserSocket);
  const desk = new Desk(engine, stream);
  stream.start();
  try {
    await desk.restore();
  } catch (cause) {
    const reason = cause instanceof ApiError && cause.code === "unreachable" ? "" : ` (${String(cause)})`;
    return {
      kind: "failed",
      title: "The server cannot be reached",
      message: `AgentOS keeps your apps in its server, which did not answer. This page tries again by itself.${reason}`,
      retries: true,
    };
  }
  return { kind: "ready", desk };
}

const RETRY_MS = 2500;

interface StartFailureProps {
  title: string;
  message: string;
  /** Starts the desktop as soon as the server answers. */
  retries: boolean;
}

function StartFailure({ title, message, retries }: StartFailureProps) {
  useEffect(() => {
    if (!retries) return;
    const timer = setInterval(() => {
      api.health().then(
        () => location.reload(),
        () => undefined,
      );
    }, RETRY_MS);
    return () => clearInterval(timer);
  }, [retries]);
  return (
    <main className="wallpaper grid h-dvh place-items-center p-6">
      <div
        role="alert"
        className="max-w-md rounded-2xl border border-line bg-surface p-8 text-center shadow-float"
      >
        <h1 className="font-semibold text-xl">{title}</h1>
        <p className="mt-2 wrap-anywhere text-ink-2">{message}</p>
        <PushButton tone="primary" className="mt-5" onClick={() => location.reload()}>
          <RefreshCw size={16} aria-hidden="true" />
          Try again
        </PushButton>
      </div>
    </main>
  );
}
