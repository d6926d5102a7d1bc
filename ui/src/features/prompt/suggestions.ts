/** What AgentOS builds by itself, without a model. */

export interface Suggestion {
  title: string;
  request: string;
}

export const SUGGESTIONS: Suggestion[] = [
  { title: "Calculator", request: "create a calculator" },
  { title: "Todo list", request: "make a todo list" },
  { title: "Expense tracker", request: "track my expenses" },
  { title: "Book tracker", request: "track books with title, author and rating" },
  { title: "Pomodoro timer", request: "make a pomodoro timer" },
  { title: "Notes", request: "make a notes app" },
  { title: "Unit converter", request: "make a unit converter" },
  { title: "Stopwatch", request: "make a stopwatch" },
  { title: "Counter", request: "make a counter" },
];

export function matching(text: string): Suggestion[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return SUGGESTIONS.filter(({ title, request }) => {
    const haystack = `${title} ${request}`.toLowerCase();
    return words.every((word) => haystack.includes(word));
  });
}
