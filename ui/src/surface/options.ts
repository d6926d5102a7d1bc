/** Choices as documents write them: scalars, or a value with its label. */
import type { Option, Scalar } from "@/engine/catalog";
import { asText } from "./look";

export interface Choice {
  value: Scalar;
  /** The value as the page writes it. */
  key: string;
  label: string;
}

export function choices(options: Option[] | undefined): Choice[] {
  return (options ?? []).map((option) => {
    const value = isLabelled(option) ? option.value : option;
    const label = isLabelled(option) ? (option.label ?? asText(value)) : asText(value);
    return { value, key: asText(value), label };
  });
}

function isLabelled(option: Option): option is { value: Scalar; label?: string } {
  return typeof option === "object" && option !== null;
}
