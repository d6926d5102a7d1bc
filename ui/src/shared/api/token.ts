/** The token of a server that asks for one: a link brings it, and this tab alone keeps it, until it is closed. */
import { create } from "zustand";

const KEY = "agentos.token";
const FRAGMENT = "#token=";
/** What a token is made of, and so what can be sent as a header. */
const SHAPE = /^[\w\-.~+/=]{32,256}$/;

interface AccessStore {
  /** The server did not let this page in. */
  refused: boolean;
  refuse(): void;
}

export const useAccess = create<AccessStore>()((set) => ({
  refused: false,
  refuse: () => set({ refused: true }),
}));

export function token(): string | null {
  return sessionStorage.getItem(KEY);
}

/** Keeps a token, or that of a whole link; answers false for what is neither. */
export function keepToken(text: string): boolean {
  const start = text.indexOf(FRAGMENT);
  const found = (start < 0 ? text : text.slice(start + FRAGMENT.length)).trim();
  if (!SHAPE.test(found)) return false;
  sessionStorage.setItem(KEY, found);
  return true;
}

/** Takes the token out of the address, so that no history and no bookmark has it; answers whether one was there. */
export function takeToken(): boolean {
  const { hash, pathname, search } = location;
  if (!hash.startsWith(FRAGMENT)) return false;
  history.replaceState(history.state, "", pathname + search);
  return keepToken(hash);
}
