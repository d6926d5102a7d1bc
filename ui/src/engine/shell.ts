/** Effects that run where the person is: dialogs, clipboard, notifications, focus. */
import type { Effect, EffectResult, Json } from "./protocol";

export type NoticeTone = "info" | "success" | "warning" | "danger";

export interface Notice {
  title?: string;
  message: string;
  tone: NoticeTone;
}

/** What a desktop offers to one app. Every method may reject; the app sees the failure. */
export interface Shell {
  alert(message: string, title?: string): Promise<void>;
  confirm(message: string, title?: string): Promise<boolean>;
  log(level: string, message: string): void;
  copy(text: string): Promise<void>;
  paste(): Promise<string>;
  notify(notice: Notice): void;
  /** Moves the focus to a component (by node id or component id); false when it is not on screen. */
  focus(component: string): Promise<boolean>;
}

type Args = Effect["args"];
type Perform = (shell: Shell, args: Args) => Promise<EffectResult> | EffectResult;

const TOOLS: Record<string, Perform> = {
  "system.alert": async (shell, args) => {
    await shell.alert(text(args.message), optionalText(args.title));
    return { ok: null };
  },
  "system.confirm": async (shell, args) => ({
    ok: await shell.confirm(text(args.message), optionalText(args.title)),
  }),
  "system.log": (shell, args) => {
    shell.log(optionalText(args.level) ?? "info", text(args.message));
    return { ok: null };
  },
  "system.copy": copy,
  "clipboard.copy": copy,
  "system.paste": paste,
  "clipboard.paste": paste,
  "notification.show": (shell, args) => {
    shell.notify({
      title: optionalText(args.title),
      message: text(args.message),
      tone: noticeTone(args.type),
    });
    return { ok: null };
  },
  "ui.focus": async (shell, args) => {
    const component = text(args.id);
    if (await shell.focus(component)) return { ok: null };
    return {
      error: { code: "not_found", message: `there is no component “${component}” on screen to focus` },
    };
  },
};

/** Performs a shell effect; never rejects. */
export async function performShellEffect(shell: Shell, effect: Effect): Promise<EffectResult> {
  const perform = TOOLS[effect.tool];
  if (!perform) {
    return { error: { code: "unavailable", message: `this desktop cannot perform ${effect.tool}` } };
  }
  try {
    return await perform(shell, effect.args);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    return { error: { code: "unavailable", message } };
  }
}

async function copy(shell: Shell, args: Args): Promise<EffectResult> {
  const copied = text(args.text);
  await shell.copy(copied);
  return { ok: copied };
}

async function paste(shell: Shell): Promise<EffectResult> {
  return { ok: await shell.paste() };
}

function noticeTone(value: Json | undefined): NoticeTone {
  switch (value) {
    case "success":
    case "warning":
    case "danger":
      return value;
    case "error":
      return "danger";
    default:
      return "info";
  }
}

function optionalText(value: Json | undefined): string | undefined {
  return value === undefined || value === null ? undefined : text(value);
}

function text(value: Json | undefined): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}
