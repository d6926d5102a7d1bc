/** What a person can choose from: the providers, and the servers people run that speak like OpenAI's. */
import type { ModelSettings, ModelWords } from "@/shared/api/types";

export interface Service {
  id: string;
  label: string;
  provider: string;
  /** Where it is reached; null for what is reached nowhere, empty where the person says it. */
  baseUrl: string | null;
  /** Asked when no other is named; empty where one must be named. */
  model: string;
  needsKey: boolean;
}

/** What the form holds. */
export interface Draft {
  service: Service;
  baseUrl: string;
  model: string;
  key: string;
  /** Whether the key that is kept is given up. */
  forgetsKey: boolean;
}

const LIKE_OPENAI = [
  { id: "ollama", label: "Ollama", baseUrl: "http://127.0.0.1:11434/v1", needsKey: false },
  { id: "llama.cpp", label: "llama.cpp", baseUrl: "http://127.0.0.1:8080/v1", needsKey: false },
  { id: "lm-studio", label: "LM Studio", baseUrl: "http://127.0.0.1:1234/v1", needsKey: false },
  { id: "openrouter", label: "OpenRouter", baseUrl: "https://openrouter.ai/api/v1", needsKey: true },
  { id: "other", label: "Another server that speaks like OpenAI", baseUrl: "", needsKey: false },
];

export function servicesOf(settings: ModelSettings): Service[] {
  const own = settings.providers.map((provider) => ({
    id: provider.name,
    label: provider.name === "openai" ? "OpenAI" : provider.label,
    provider: provider.name,
    baseUrl: provider.base_url,
    model: provider.model ?? "",
    needsKey: provider.needs_key,
  }));
  const likeOpenAi = LIKE_OPENAI.map((service) => ({ ...service, provider: "openai", model: "" }));
  const isKnown = own.some(({ provider }) => provider === settings.provider);
  return [...(isKnown ? [] : [brought(settings)]), ...own, ...likeOpenAi];
}

/** The form as it is in force. */
export function draftInForce(settings: ModelSettings): Draft {
  const services = servicesOf(settings).filter(({ provider }) => provider === settings.provider);
  const service =
    services.find(({ baseUrl }) => baseUrl === settings.base_url) ??
    services.find(({ baseUrl }) => baseUrl === "") ??
    services[0] ??
    brought(settings);
  return {
    service,
    baseUrl: settings.base_url ?? "",
    model: settings.model,
    key: "",
    forgetsKey: false,
  };
}

/** The form for another service: as it is in force where it is, else with what the service brings. */
export function draftFor(service: Service, settings: ModelSettings): Draft {
  const inForce = draftInForce(settings);
  if (inForce.service.id === service.id) return inForce;
  return { service, baseUrl: service.baseUrl ?? "", model: service.model, key: "", forgetsKey: false };
}

/** Whether there is a key for where the form points; it goes nowhere else. */
export function hasKey({ service, baseUrl }: Draft, settings: ModelSettings): boolean {
  const sameAddress = service.provider === settings.provider && baseUrl.trim() === settings.base_url;
  return settings.has_key && sameAddress;
}

/** What the server is told; what is left out is the provider's own, or kept. */
export function wordsOf({ service, baseUrl, model, key, forgetsKey }: Draft): ModelWords {
  if (service.baseUrl === null) return { provider: service.provider };
  const isOwnService = service.id === service.provider && baseUrl.trim() === service.baseUrl;
  return {
    provider: service.provider,
    ...(model.trim() && { model: model.trim() }),
    ...(!isOwnService && { base_url: baseUrl.trim() }),
    ...(key.trim() ? { api_key: key.trim() } : forgetsKey && { api_key: "" }),
  };
}

/** A model that the serving program brought. */
function brought({ provider, model, base_url }: ModelSettings): Service {
  return { id: provider, label: provider, provider, baseUrl: base_url, model, needsKey: false };
}
