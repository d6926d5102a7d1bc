/** The server's REST routes. */
import type { AppState, Json } from "@/engine/protocol";
import type { Reference } from "./reference";
import { token, useAccess } from "./token";
import { inTurns } from "./turns";
import type {
  App,
  AppHistory,
  Approval,
  ApprovalAnswer,
  Difference,
  GalleryList,
  Grant,
  Health,
  KernelEvent,
  KernelProcess,
  KernelStats,
  Lease,
  ModelSettings,
  ModelWords,
  PackageMetadata,
  Permissions,
  ReachedModels,
  SaveRequest,
  ShownApp,
  VerifiedAudit,
  WindowGeometry,
} from "./types";

/** What the server refused, or that it could not be reached (`unreachable`). */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number;
  readonly details: Json | undefined;

  constructor(code: string, message: string, status: number, details?: Json, options?: ErrorOptions) {
    super(message, options);
    this.name = "ApiError";
    this.code = code;
    this.status = status;
    this.details = details;
  }
}

type Method = "GET" | "POST" | "PUT" | "DELETE";

interface Options {
  /** Lets the request outlive the page; the browser takes at most 64 KiB this way. */
  keepalive?: boolean;
  /** Gives the request up. */
  signal?: AbortSignal;
}

async function request<T>(method: Method, path: string, body?: unknown, options: Options = {}): Promise<T> {
  const shown = token();
  const response = await fetch(path, {
    method,
    headers: {
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(shown === null ? {} : { authorization: `Bearer ${shown}` }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
    ...options,
  }).catch((cause: unknown) => {
    throw new ApiError("unreachable", "the server cannot be reached", 0, undefined, { cause });
  });
  const answer: unknown = await response.json().catch(() => null);
  if (response.ok && answer !== null) return answer as T;
  const failure = (answer ?? {}) as { error?: string; code?: string; details?: Json };
  const code = failure.code ?? (response.status >= 502 ? "unreachable" : "unexpected_answer");
  if (code === "unauthenticated") useAccess.getState().refuse();
  throw new ApiError(
    code,
    failure.error ?? `the server answered ${response.status}`,
    response.status,
    failure.details,
  );
}

const id = encodeURIComponent;

/** A browser opens six connections to a server. What apps call may wait for the person on each, so some are left
 * for the answer, and one app leaves a place to the others. */
const forApp = inTurns(4, 3);

export interface ServiceCall {
  tool_id: string;
  params: Json;
  app_id: string;
  engine: string;
  effect: number;
}

export const api = {
  health: () => request<Health>("GET", "/health"),
  catalog: () => request<Reference>("GET", "/catalog"),
  apps: async () => (await request<{ apps: App[] }>("GET", "/apps")).apps,
  app: (app: string) => request<ShownApp>("GET", `/apps/${id(app)}`),
  focusApp: (app: string) => request<unknown>("POST", `/apps/${id(app)}/focus`),
  closeApp: async (app: string) => (await request<{ closed: string[] }>("DELETE", `/apps/${id(app)}`)).closed,
  moveWindow: (app: string, geometry: WindowGeometry) =>
    request<unknown>("POST", `/apps/${id(app)}/window`, geometry),
  history: (app: string) => request<AppHistory>("GET", `/apps/${id(app)}/history`),
  difference: (app: string, from: number, to: number) =>
    request<Difference>("GET", `/apps/${id(app)}/history/diff?from=${from}&to=${to}`),
  /** Has the model change the app; settles once it is changed. */
  askForEdit: (app: string, message: string, signal: AbortSignal) =>
    request<{ version: number }>("POST", `/apps/${id(app)}/edit`, { message }, { signal }),
  undoEdit: (app: string) => request<{ version: number }>("POST", `/apps/${id(app)}/undo`),
  redoEdit: (app: string) => request<{ version: number }>("POST", `/apps/${id(app)}/redo`),
  takeLease: (app: string) => request<Lease>("POST", `/apps/${id(app)}/engine`),
  putState: (app: string, engine: string, state: AppState, options?: Options) =>
    request<{ rev: number }>("PUT", `/apps/${id(app)}/state`, { state, engine }, options),
  execute: async (call: ServiceCall) =>
    (await forApp(call.app_id, () => request<{ data?: Json }>("POST", "/services/execute", call))).data ??
    null,
  approvals: async () => (await request<{ approvals: Approval[] }>("GET", "/kernel/approvals")).approvals,
  answerApproval: (approval: string, answer: ApprovalAnswer) =>
    request<unknown>("POST", `/kernel/approvals/${id(approval)}`, { answer }),
  /** Settles once the window of the app may load from there; rejects when it may not. */
  access: (app: string, engine: string, url: string) =>
    forApp(app, () => request<unknown>("POST", `/apps/${id(app)}/access`, { url, engine })),
  permissions: (app: string) => request<Permissions>("GET", `/apps/${id(app)}/permissions`),
  forgetPermissions: (app: string) => request<unknown>("DELETE", `/apps/${id(app)}/permissions`),
  processes: async () =>
    (await request<{ processes: KernelProcess[] }>("GET", "/kernel/processes")).processes,
  killProcess: (pid: number) => request<unknown>("POST", `/kernel/processes/${pid}/kill`),
  suspendProcess: (pid: number) => request<unknown>("POST", `/kernel/processes/${pid}/suspend`),
  resumeProcess: (pid: number) => request<unknown>("POST", `/kernel/processes/${pid}/resume`),
  grants: async (pid: number) =>
    (await request<{ grants: Grant[] }>("GET", `/kernel/grants?pid=${pid}`)).grants,
  revokeGrant: (grant: number) => request<unknown>("DELETE", `/kernel/grants/${grant}`),
  kernelStats: () => request<KernelStats>("GET", "/kernel/stats"),
  /** The newest of those that are kept, oldest first. */
  kernelEvents: async (limit: number) =>
    (await request<{ events: KernelEvent[] }>("GET", `/kernel/events?limit=${limit}`)).events,
  verifyAudit: () => request<VerifiedAudit>("GET", "/audit/verify"),
  openApp: (document: Json) => request<{ app_id: string }>("POST", "/apps", { ui_spec: document }),
  gallery: () => request<GalleryList>("GET", "/gallery"),
  galleryApp: (example: string) => request<{ ui_spec: Json }>("GET", `/gallery/${id(example)}`),
  settings: () => request<ModelSettings>("GET", "/settings"),
  chooseModel: (words: ModelWords) => request<ModelSettings>("PUT", "/settings", words),
  /** Asks which models there are; keeps nothing. */
  tryModel: (words: ModelWords, signal: AbortSignal) =>
    request<ReachedModels>("POST", "/settings/test", words, { signal }),
  packages: async () => (await request<{ apps: PackageMetadata[] }>("GET", "/registry/apps")).apps,
  launch: (packageId: string) =>
    request<{ app_id: string; title: string }>("POST", `/registry/apps/${id(packageId)}/launch`),
  savePackage: (save: SaveRequest) =>
    request<{ package_id: string; version: string }>("POST", "/registry/save", save),
  deletePackage: (packageId: string) => request<unknown>("DELETE", `/registry/apps/${id(packageId)}`),
};
