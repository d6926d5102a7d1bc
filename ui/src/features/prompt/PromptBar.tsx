import clsx from "clsx";
import { ArrowUp, Sparkles } from "lucide-react";
import { type KeyboardEvent, useId, useState } from "react";
import { AppIcon } from "@/shared/ui/AppIcon";
import { useDesk } from "../apps/DeskContext";
import { PROMPT_ID, usePrompt } from "./promptStore";
import { matching, type Suggestion } from "./suggestions";

const MAC = /mac|iphone|ipad/i.test(navigator.platform);
const LONGEST_REQUEST = 4000;

interface PromptBarProps {
  /** Where the list of suggestions opens. */
  opens: "up" | "down";
  large?: boolean;
}

/** Where a person says what they need. */
export function PromptBar({ opens, large = false }: PromptBarProps) {
  const desk = useDesk();
  const { text, setText } = usePrompt();
  const [open, setOpen] = useState(false);
  const [chosen, setChosen] = useState(-1);
  const list = useId();
  const suggestions = matching(text).slice(0, 6);
  const shown = open && suggestions.length > 0 && !(large && text === "");

  const build = (request: string) => {
    const wanted = request.trim();
    if (wanted === "") return;
    setText("");
    close();
    desk.generate(wanted);
  };
  const close = () => {
    setOpen(false);
    setChosen(-1);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.nativeEvent.isComposing) return;
    switch (event.key) {
      case "Enter":
        event.preventDefault();
        build(suggestions[chosen]?.request ?? text);
        break;
      case "Escape":
        event.preventDefault();
        if (shown) close();
        else event.currentTarget.blur();
        break;
      case "ArrowDown":
      case "ArrowUp": {
        event.preventDefault();
        const step = event.key === "ArrowDown" ? 1 : -1;
        setOpen(true);
        setChosen((before) => wrap(before + step, suggestions.length));
        break;
      }
    }
  };
  return (
    <div
      className="relative w-full"
      onBlur={(event) => !event.currentTarget.contains(event.relatedTarget) && close()}
    >
      <form
        className={clsx(
          "flex items-center gap-2.5 border bg-surface transition-shadow focus-within:border-ring focus-within:ring-3 focus-within:ring-ring/25",
          large
            ? "h-15 rounded-[1.125rem] border-line-strong/50 pr-2.5 pl-5 shadow-float"
            : "h-10 rounded-xl border-line-strong/60 pr-1 pl-3",
        )}
        onSubmit={(event) => {
          event.preventDefault();
          build(suggestions[chosen]?.request ?? text);
        }}
      >
        <Sparkles size={large ? 20 : 17} className="flex-none text-accent-ink" aria-hidden="true" />
        <input
          id={PROMPT_ID}
          className={clsx(
            "h-full min-w-0 flex-1 bg-transparent outline-none placeholder:text-ink-3 placeholder:opacity-100",
            large ? "text-lg" : "text-[0.9375rem]",
          )}
          role="combobox"
          aria-label="Describe an app"
          aria-expanded={shown}
          aria-controls={shown ? list : undefined}
          aria-autocomplete="list"
          aria-activedescendant={shown && chosen >= 0 ? `${list}-${chosen}` : undefined}
          placeholder={large ? "Describe the app you need…" : "Describe an app…"}
          autoComplete="off"
          enterKeyHint="go"
          maxLength={LONGEST_REQUEST}
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
            setChosen(-1);
            setOpen(true);
          }}
          onFocus={() => setOpen(true)}
          onKeyDown={onKeyDown}
        />
        {text.trim() === "" ? (
          <kbd className="hidden flex-none rounded-md border border-line bg-surface-2 px-1.5 py-0.5 font-sans text-ink-3 text-xs sm:block">
            {MAC ? "⌘K" : "Ctrl K"}
          </kbd>
        ) : (
          <button
            type="submit"
            className={clsx(
              "grid flex-none place-items-center bg-accent text-on-accent hover:bg-accent-hover",
              large ? "size-10 rounded-xl" : "size-8 rounded-lg",
            )}
            aria-label="Build this app"
          >
            <ArrowUp size={18} aria-hidden="true" />
          </button>
        )}
      </form>
      {shown && (
        <div
          id={list}
          role="listbox"
          aria-label="What can be built"
          className={clsx(
            "absolute inset-x-0 z-10 min-w-60 animate-rise overflow-hidden rounded-2xl border border-line bg-surface p-1.5 shadow-float",
            opens === "up" ? "bottom-full mb-3" : "top-full mt-2",
          )}
        >
          {suggestions.map((suggestion, index) => (
            <SuggestionOption
              key={suggestion.request}
              id={`${list}-${index}`}
              suggestion={suggestion}
              chosen={index === chosen}
              onChoose={() => build(suggestion.request)}
            />
          ))}
        </div>
      )}
    </div>
  );
}

interface SuggestionOptionProps {
  id: string;
  suggestion: Suggestion;
  chosen: boolean;
  onChoose(): void;
}

function SuggestionOption({ id, suggestion, chosen, onChoose }: SuggestionOptionProps) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the combobox handles the keys of its options.
    <div
      id={id}
      role="option"
      tabIndex={-1}
      aria-selected={chosen}
      className="flex cursor-pointer items-center gap-3 rounded-xl px-2.5 py-2 hover:bg-surface-2 aria-selected:bg-surface-3"
      onMouseDown={(event) => event.preventDefault()}
      onClick={onChoose}
    >
      <AppIcon title={suggestion.title} size="small" />
      <span className="min-w-0 flex-1 truncate">{suggestion.title}</span>
      <span className="hidden truncate text-ink-3 text-sm sm:block">{suggestion.request}</span>
    </div>
  );
}

function wrap(index: number, length: number): number {
  if (length === 0) return -1;
  return ((index % length) + length) % length;
}
