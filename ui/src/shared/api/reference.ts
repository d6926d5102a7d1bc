/** The catalog as `GET /catalog` tells it. */
import type { Json, UiSpec } from "@/engine/protocol";

export interface Reference {
  components: ComponentReference[];
  tools: ToolReference[];
  limits: { of: string; most: number }[];
}

export interface ComponentReference {
  name: string;
  summary: string;
  aliases: string[];
  props: FieldReference[];
  /** The property that is bound both ways. */
  value: string | null;
  events: string[];
  has_children: boolean;
  example: Json;
  /** A document that shows the example. */
  app: UiSpec;
}

export interface ToolReference {
  id: string;
  summary: string;
  params: FieldReference[];
  returns: string;
  runs: "engine" | "shell" | "service";
  reads: boolean;
  example: { args: Json; answer: Json };
}

export interface FieldReference {
  name: string;
  kind: string;
  default: Json;
  aliases: string[];
  required: boolean;
  summary: string;
}
