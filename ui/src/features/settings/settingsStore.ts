import { create } from "zustand";

interface SettingsStore {
  open: boolean;
  /** Whether a model was connected since the page was loaded: what the composer declined may now be asked again. */
  connected: boolean;
  setOpen(open: boolean): void;
  setConnected(connected: boolean): void;
}

/** Whether the settings are shown; they are opened from many places. */
export const useSettings = create<SettingsStore>()((set) => ({
  open: false,
  connected: false,
  setOpen: (open) => set({ open }),
  setConnected: (connected) => set({ connected }),
}));

export function showSettings(): void {
  useSettings.getState().setOpen(true);
}
