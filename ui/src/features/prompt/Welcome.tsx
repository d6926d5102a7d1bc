import { AppIcon } from "@/shared/ui/AppIcon";
import { useDesk } from "../apps/DeskContext";
import { PromptBar } from "./PromptBar";
import { SUGGESTIONS } from "./suggestions";

/** The empty desktop: one question, and things to start from. */
export function Welcome() {
  const desk = useDesk();
  return (
    <section
      aria-label="Start"
      className="absolute inset-0 flex animate-fade flex-col items-center overflow-auto px-5 pt-[12vh] pb-8 sm:pt-[17vh]"
    >
      <h2 className="text-balance text-center font-semibold text-[2rem] leading-tight tracking-tight sm:text-[2.75rem]">
        What do you need?
      </h2>
      <p className="mt-3 max-w-lg text-balance text-center text-ink-2 sm:text-lg">
        Describe it in a sentence. AgentOS builds the app, proves that it works, and keeps it on this
        computer.
      </p>
      <div className="relative z-10 mt-8 w-full max-w-2xl">
        <PromptBar opens="down" large />
      </div>
      <ul className="mt-8 grid w-full max-w-2xl grid-cols-2 gap-2.5 sm:grid-cols-3" aria-label="Ideas">
        {SUGGESTIONS.map((suggestion) => (
          <li key={suggestion.request}>
            <button
              type="button"
              className="flex w-full items-center gap-3 rounded-2xl border border-line bg-glass p-2.5 text-left transition-colors hover:border-line-strong hover:bg-surface"
              onClick={() => desk.generate(suggestion.request)}
            >
              <AppIcon title={suggestion.title} />
              <span className="line-clamp-2 min-w-0 font-medium leading-tight">{suggestion.title}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
