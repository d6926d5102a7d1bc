/** Short messages that come and go, in one window or on the desktop. */
import { create } from "zustand";
import type { NoticeTone } from "@/engine/shell";

export interface Toast {
  id: number;
  /** The window it belongs to; null for the whole desktop. */
  window: string | null;
  tone: NoticeTone;
  title?: string;
  message: string;
  count: number;
}

interface ToastStore {
  toasts: Toast[];
  show(toast: Omit<Toast, "id" | "count">): void;
  dismiss(id: number): void;
}

const MOST_AT_ONCE = 4;
let lastId = 0;

export const useToasts = create<ToastStore>()((set) => ({
  toasts: [],
  show: (toast) =>
    set(({ toasts }) => {
      const same = toasts.find((shown) => shown.window === toast.window && shown.message === toast.message);
      if (same)
        return {
          toasts: toasts.map((shown) => (shown === same ? { ...same, count: same.count + 1 } : shown)),
        };
      lastId += 1;
      const others = toasts.filter((shown) => shown.window !== toast.window);
      const here = toasts.filter((shown) => shown.window === toast.window).slice(1 - MOST_AT_ONCE);
      return { toasts: [...others, ...here, { ...toast, id: lastId, count: 1 }] };
    }),
  dismiss: (id) => set(({ toasts }) => ({ toasts: toasts.filter((toast) => toast.id !== id) })),
}));
