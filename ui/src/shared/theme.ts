/** Light or dark: the system's choice until the person makes one. */
import { create } from "zustand";

export type Theme = "light" | "dark";

const KEY = "agentos.theme";
const systemDark = window.matchMedia("(prefers-color-scheme: dark)");

interface ThemeStore {
  theme: Theme;
  toggle(): void;
}

export const useTheme = create<ThemeStore>()((set, get) => ({
  theme: chosen() ?? system(),
  toggle: () => {
    const theme = get().theme === "dark" ? "light" : "dark";
    localStorage.setItem(KEY, theme);
    set({ theme });
  },
}));

function chosen(): Theme | null {
  const stored = localStorage.getItem(KEY);
  return stored === "light" || stored === "dark" ? stored : null;
}

function system(): Theme {
  return systemDark.matches ? "dark" : "light";
}

function show({ theme }: ThemeStore): void {
  document.documentElement.dataset.theme = theme;
}

show(useTheme.getState());
useTheme.subscribe(show);
systemDark.addEventListener("change", () => {
  if (!chosen()) useTheme.setState({ theme: system() });
});
