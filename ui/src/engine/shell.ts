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
  /** Hands a command to a component (by node id or component id); false when none on screen takes it. */
  command(component: string, command: ComponentCommand): Promise<boolean>;
}

/** What `player.*`, `canvas.*` and `browser.*` ask of a component. */
export interface ComponentCommand {
  name: string;
  args: Effect["args"];
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

/** The argument that names the component, and the name it has unless the document says another. */
const COMMANDED: Record<string, { argument: string; otherwise: string }> = {
  player: { argument: "media_id", otherwise: "player" },
  canvas: { argument: "canvas_id", otherwise: "canvas" },
  browser: { argument: "iframe_id", otherwise: "browser" },
};

async function command(shell: Shell, effect: Effect): Promise<EffectResult | null> {
  const [group = "", name = ""] = effect.tool.split(".", 2);
  const commanded = COMMANDED[group];
  if (!commanded) return null;
  const component = optionalText(effect.args[commanded.argument]) ?? commanded.otherwise;
  if (await shell.command(component, { name, args: effect.args })) return { ok: null };
  const message = `there is no component “${component}” on screen that can ${name}`;
  return { error: { code: "not_found", message } };
}

/** Performs a shell effect; never rejects. */
export async function performShellEffect(shell: Shell, effect: Effect): Promise<EffectResult> {
  const perform = TOOLS[effect.tool];
  try {
    if (perform) return await perform(shell, effect.args);
    return (
      (await command(shell, effect)) ?? {
        error: { code: "unavailable", message: `this desktop cannot perform ${effect.tool}` },
      }
    );
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
