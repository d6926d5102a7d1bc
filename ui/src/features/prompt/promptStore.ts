import { create } from "zustand";

/** What is typed into the prompt bar; it is kept while the bar moves between places. */
export const usePrompt = create<{ text: string; setText(text: string): void }>()((set) => ({
  text: "",
  setText: (text) => set({ text }),
}));

export const PROMPT_ID = "agentos-prompt";

export function focusPrompt(): void {
  const input = document.getElementById(PROMPT_ID);
  if (input instanceof HTMLInputElement) {
    input.focus();
    input.select();
  }
}
