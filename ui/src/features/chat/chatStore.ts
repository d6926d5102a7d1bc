/** What was said in the chat; it outlives the page, since the server forgets a conversation when it stops. */
import { create } from "zustand";
import { createJSONStorage, persist } from "zustand/middleware";
import { freshId } from "@/shared/freshId";

export interface Turn {
  id: string;
  question: string;
  answer: string;
  thoughts: string;
  state: "answering" | "answered" | "failed";
  /** Why it failed. */
  error?: string;
  /** It failed because no model is connected. */
  needsModel?: boolean;
  /** What became of the app it ordered, once that is known. */
  app?: { id: string; title: string };
  /** What happens to the app it ordered, in words. */
  making?: string;
}

interface ChatStore {
  open: boolean;
  conversation: string;
  /** Oldest first. */
  turns: Turn[];
  setOpen(open: boolean): void;
  add(turn: Turn): void;
  change(id: string, change: (turn: Turn) => Partial<Turn>): void;
  /** Begins another conversation. */
  clear(): void;
}

const MOST_TURNS = 100;

export const useChat = create<ChatStore>()(
  persist(
    (set) => ({
      open: false,
      conversation: freshId(),
      turns: [],
      setOpen: (open) => set({ open }),
      add: (turn) => set(({ turns }) => ({ turns: [...turns, turn].slice(-MOST_TURNS) })),
      change: (id, change) =>
        set(({ turns }) => ({
          turns: turns.map((turn) => (turn.id === id ? { ...turn, ...change(turn) } : turn)),
        })),
      clear: () => set({ turns: [], conversation: freshId() }),
    }),
    {
      name: "agentos.chat",
      storage: createJSONStorage(() => localStorage),
      partialize: ({ open, conversation, turns }) => ({ open, conversation, turns }),
    },
  ),
);
