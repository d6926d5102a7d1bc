/** Questions the desktop puts to the person, one at a time. */
import { create } from "zustand";

export interface Question {
  id: number;
  title: string;
  message: string;
  /** The buttons, the safe one first. A lone button makes it an announcement. */
  answers: { key: string; label: string; tone?: "primary" | "danger" }[];
}

interface QuestionStore {
  queue: Question[];
  answer(id: number, key: string): void;
}

const settle = new Map<number, (key: string) => void>();
let lastId = 0;

export const useQuestions = create<QuestionStore>()((set) => ({
  queue: [],
  answer: (id, key) => {
    set(({ queue }) => ({ queue: queue.filter((question) => question.id !== id) }));
    settle.get(id)?.(key);
    settle.delete(id);
  },
}));

/** Resolves with the key of the chosen answer; Escape chooses the first. */
export function ask(question: Omit<Question, "id">): Promise<string> {
  lastId += 1;
  const id = lastId;
  useQuestions.setState(({ queue }) => ({ queue: [...queue, { ...question, id }] }));
  return new Promise((resolve) => settle.set(id, resolve));
}
