import { create } from "zustand";

interface MonitorStore {
  open: boolean;
  setOpen(open: boolean): void;
}

/** Whether the system monitor is shown; it is opened from the bar and by its keys. */
export const useMonitor = create<MonitorStore>()((set) => ({
  open: false,
  setOpen: (open) => set({ open }),
}));

export function showMonitor(): void {
  useMonitor.getState().setOpen(true);
}
