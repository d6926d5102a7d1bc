import clsx from "clsx";
import { AppWindow, ArrowUp, MessageSquarePlus, Square, X } from "lucide-react";
import { type FormEvent, useEffect, useLayoutEffect, useRef, useState } from "react";
import { IconButton } from "@/shared/ui/IconButton";
import { PushButton } from "@/shared/ui/PushButton";
import { useIsNarrow } from "@/shared/useMediaQuery";
import { Markdown } from "@/surface/Markdown";
import { useDesk } from "../apps/DeskContext";
import { useWindows, windowOfApp } from "../desktop/windowStore";
import { showSettings } from "../settings/settingsStore";
import { type Turn, useChat } from "./chatStore";

const LONGEST_MESSAGE = 8_000;

/** The conversation beside the windows. */
export function ChatPanel() {
  const { turns, setOpen, clear } = useChat();
  const isAnswering = turns.some(({ state }) => state === "answering");
  return (
    <aside
      aria-label="Chat"
      className="absolute inset-0 z-50 flex animate-fade flex-col overflow-hidden border-line bg-surface shadow-float sm:inset-y-3 sm:right-3 sm:left-auto sm:w-96 sm:rounded-2xl sm:border lg:static lg:z-auto lg:my-3 lg:mr-3 lg:flex-none"
      onKeyDown={(event) => {
        if (event.key === "Escape") setOpen(false);
      }}
    >
      <header className="flex items-center gap-1 border-line border-b py-2 pr-2 pl-4">
        <h2 className="flex-1 font-semibold">Chat</h2>
        <IconButton
          icon={MessageSquarePlus}
          label="New conversation"
          aria-disabled={turns.length === 0 || isAnswering || undefined}
          className="aria-disabled:opacity-50"
          onClick={() => {
            if (turns.length > 0 && !isAnswering) clear();
          }}
        />
        <IconButton icon={X} label="Close chat" onClick={() => setOpen(false)} />
      </header>
      <Turns turns={turns} />
      <Composer answering={turns.findLast(({ state }) => state === "answering")} />
    </aside>
  );
}

/** Stays at the end while somebody reads there. */
function Turns({ turns }: { turns: Turn[] }) {
  const list = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each change of the turns may make the list longer.
  useLayoutEffect(() => {
    if (list.current && atEnd.current) list.current.scrollTop = list.current.scrollHeight;
  }, [turns]);
  return (
    <div
      ref={list}
      role="log"
      aria-label="Conversation"
      tabIndex={0}
      className="flex min-h-0 flex-1 flex-col gap-5 overflow-y-auto px-4 py-4"
      onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
        atEnd.current = scrollHeight - scrollTop - clientHeight < 40;
      }}
    >
      {turns.length === 0 && (
        <p className="m-auto max-w-64 text-balance text-center text-ink-2">
          Ask something, say which app you need, or what an open app should do differently.
        </p>
      )}
      {turns.map((turn) => (
        <Exchange key={turn.id} turn={turn} />
      ))}
    </div>
  );
}

function Exchange({ turn }: { turn: Turn }) {
  const { question, answer, thoughts, state, error, needsModel, app, making } = turn;
  return (
    <article className="flex flex-col gap-2.5">
      <p className="ml-8 self-end whitespace-pre-wrap rounded-2xl rounded-br-md bg-accent-soft px-3.5 py-2 text-accent-ink wrap-anywhere">
        <span className="sr-only">You: </span>
        {question}
      </p>
      {thoughts.trim() !== "" && (
        <details className="rounded-xl border border-line px-3.5 py-2 text-ink-2 text-sm">
          <summary className="cursor-pointer font-medium">Thoughts</summary>
          <p className="mt-1.5 whitespace-pre-wrap wrap-anywhere">{thoughts.trim()}</p>
        </details>
      )}
      {answer !== "" && (
        <div className="wrap-anywhere">
          <Markdown source={answer} />
        </div>
      )}
      {state === "answering" && <p className="animate-pulse text-ink-2 text-sm">{busy(turn)}</p>}
      {app && <OpenedApp app={app} changed={making === "changing the app"} />}
      {error && (
        <p
          role="alert"
          className="rounded-xl bg-danger-soft px-3.5 py-2.5 text-danger-ink text-sm wrap-anywhere"
        >
          {error}
        </p>
      )}
      {needsModel && (
        <PushButton className="self-start" onClick={showSettings}>
          Connect a model
        </PushButton>
      )}
    </article>
  );
}

function busy({ making, thoughts, answer }: Turn): string {
  if (making) return `${making.charAt(0).toUpperCase()}${making.slice(1)}…`;
  return thoughts !== "" && answer === "" ? "Thinking…" : "Answering…";
}

function OpenedApp({ app, changed }: { app: { id: string; title: string }; changed: boolean }) {
  const desk = useDesk();
  const isNarrow = useIsNarrow();
  const isOpen = useWindows(({ windows }) => Object.values(windows).some(({ appId }) => appId === app.id));
  const show = () => {
    const window = windowOfApp(app.id);
    if (window) desk.focus(window.key);
    if (isNarrow) useChat.getState().setOpen(false);
  };
  return (
    <PushButton className="self-start" disabled={!isOpen} onClick={show}>
      <AppWindow size={16} aria-hidden="true" />
      {isOpen ? `Show ${app.title}` : `${app.title} is closed`}
      {changed && <span className="sr-only">, which was changed</span>}
    </PushButton>
  );
}

function Composer({ answering }: { answering: Turn | undefined }) {
  const desk = useDesk();
  const [text, setText] = useState("");
  const [offline, setOffline] = useState(false);
  const input = useRef<HTMLTextAreaElement>(null);
  useEffect(() => input.current?.focus(), []);

  const say = (event: FormEvent | React.KeyboardEvent) => {
    event.preventDefault();
    const message = text.trim();
    if (message === "" || answering) return;
    const said = desk.chat.say(message);
    setOffline(!said);
    if (said) setText("");
  };
  return (
    <form className="flex flex-col gap-2 border-line border-t p-3" onSubmit={say}>
      {offline && (
        <p role="alert" className="text-danger-ink text-sm">
          The server cannot be reached. AgentOS keeps trying; then send it again.
        </p>
      )}
      <div className="flex items-end gap-2">
        <textarea
          ref={input}
          aria-label="Message"
          className="control field-sizing-content max-h-40 min-h-10 flex-1 resize-none px-3 py-2"
          rows={1}
          maxLength={LONGEST_MESSAGE}
          placeholder="Message…"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) say(event);
          }}
        />
        {answering ? (
          <RoundButton label="Stop" onClick={() => desk.chat.stop(answering.id)}>
            <Square size={15} aria-hidden="true" />
          </RoundButton>
        ) : (
          <RoundButton label="Send" submits disabled={text.trim() === ""}>
            <ArrowUp size={18} aria-hidden="true" />
          </RoundButton>
        )}
      </div>
    </form>
  );
}

interface RoundButtonProps {
  label: string;
  submits?: boolean;
  disabled?: boolean;
  onClick?(): void;
  children: React.ReactNode;
}

function RoundButton({ label, submits = false, disabled = false, onClick, children }: RoundButtonProps) {
  return (
    <button
      type={submits ? "submit" : "button"}
      aria-label={label}
      title={label}
      disabled={disabled}
      className={clsx(
        "grid size-10 flex-none place-items-center rounded-xl bg-accent text-on-accent hover:bg-accent-hover",
        "disabled:pointer-events-none disabled:opacity-50",
      )}
      onClick={onClick}
    >
      {children}
    </button>
  );
}
