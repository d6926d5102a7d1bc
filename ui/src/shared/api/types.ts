/** The server's objects, as the wire contract names them. */
import type { AppState, Issue, Json, PatchOp, UiSpec } from "@/engine/protocol";

export type AppLifecycle = "spawning" | "active" | "background" | "suspended" | "destroyed";

export interface WindowGeometry {
  position: { x: number; y: number };
  size: { width: number; height: number };
  state: "open" | "minimised" | "maximised";
}

export interface App {
  id: string;
  hash: string;
  title: string;
  ui_spec: UiSpec;
  /** Counts the edits of the document, from 1. */
  version: number;
  state: AppLifecycle;
  parent_id?: string | null;
  created_at: string;
  metadata?: {
    request?: string;
    package_id?: string;
    from_registry?: boolean;
    report?: GenerationReport;
  };
  services: string[];
  window?: Partial<WindowGeometry> | null;
}

export interface AppVersion {
  version: number;
  /** What was asked; empty when nothing was said. */
  text: string;
  at: string;
  /** What the edit changed, in words. */
  changes: string[];
}

export interface AppHistory {
  version: number;
  /** The oldest version that can be gone back to. */
  first: number;
  can_undo: boolean;
  can_redo: boolean;
  /** Those after the oldest, oldest first. */
  versions: AppVersion[];
}

/** What leads from one version to another, as RFC 6902. */
export interface Difference {
  patch: PatchOp[];
}

export interface ShownApp extends App {
  /** Whether closing it would destroy data: it or a descendant is not saved and has some. */
  has_data: boolean;
}

export interface Lease {
  engine: string;
  rev: number;
  state: AppState;
}

export interface PackageMetadata {
  id: string;
  name: string;
  description: string;
  icon: string;
  category: string;
  version: string;
  author: string;
  created_at: string;
  tags: string[];
}

/** An example app, without its document. */
export interface GalleryApp {
  id: string;
  title: string;
  description: string;
  category: string;
  icon: string;
}

export interface GalleryList {
  /** In the order in which they are shown. */
  categories: string[];
  apps: GalleryApp[];
}

export interface SaveRequest {
  app_id: string;
  name: string;
  description: string;
  icon?: string;
  category: string;
}

/** A question of the kernel that a person answers: may this app have what it needs? */
export interface Approval {
  id: string;
  app_id: string;
  title: string;
  need: Json;
  expires_at: string;
}

export type ApprovalAnswer = "once" | "session" | "always" | "never";

/** The system, or what acts for an app. */
export interface KernelProcess {
  pid: number;
  name: string;
  /** Null for the system. */
  parent: number | null;
  state: "running" | "suspended";
  started_at: string;
  usage: { memory_bytes: number; calls: number };
  limits: { memory_bytes: number };
  app_id?: string;
  title?: string;
}

export interface KernelStats {
  processes: number;
  suspended: number;
  memory_bytes: number;
  /** What all of them together may have. */
  memory_budget_bytes: number;
  memory_level: "normal" | "warning" | "critical";
  calls_in_flight: number;
  /** Calls that were answered, by `ok` or the code of their error. */
  calls: Record<string, number>;
  denials: number;
}

export interface KernelEvent {
  /** Counts from the start of the kernel. */
  seq: number;
  time: string;
  kind: string;
  /** `text` is what follows the name of the process. */
  data: { pid: number; text: string } & Record<string, unknown>;
}

/** One thing a process is allowed or denied. */
export interface Grant {
  id: number;
  rule: "allow" | "deny";
  /** What follows "may". */
  text: string;
  /** The grant it was derived from. */
  parent: number | null;
}

export interface VerifiedAudit {
  holds: boolean;
  rows?: number;
  fault?: string;
}

export interface Permissions {
  services: string[];
  answers: { need: Json; allowed: boolean }[];
}

export interface Health {
  status: "healthy" | "degraded";
  version: string;
  ai_service?: { connected: boolean; provider: string; model: string };
}

export interface ModelProvider {
  name: string;
  label: string;
  base_url: string | null;
  /** Asked when no other is named. */
  model: string | null;
  needs_key: boolean;
}

/** Which model writes apps; its key is never told. */
export interface ModelSettings {
  provider: string;
  model: string;
  base_url: string | null;
  has_key: boolean;
  source: "default" | "file" | "page" | "environment" | "flag" | "program";
  decided_by?: string;
  /** Why nothing else can be chosen, and what to do about it. */
  fixed?: string;
  providers: ModelProvider[];
}

/** A choice: what is left out is the provider's own, a key that is left out stays for the same address. */
export interface ModelWords {
  provider: string;
  model?: string;
  base_url?: string;
  api_key?: string;
}

export interface ReachedModels {
  models: string[];
  model_is_there: boolean;
}

/** How an app came to be. Only a generated one was tried and has a model. */
export interface GenerationReport {
  /** What reading and checking it found, short of an error. */
  issues: Issue[];
  /** What was repaired without asking. */
  mended: Issue[];
  trial: TrialReport | null;
  cached: boolean;
  /** Times an answer went back to the model. */
  repairs: number;
  usage: { input: number; output: number };
  model: { provider: string; model: string } | null;
  took_ms: number;
}

/** What using an app before anyone saw it came to. */
export interface TrialReport {
  issues: Issue[];
  events: number;
  /** Components that were used, and those for which there was no time. */
  used: string[];
  untried: string[];
}
