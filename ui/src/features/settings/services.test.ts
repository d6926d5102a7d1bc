import { describe, expect, it } from "vitest";
import type { ModelSettings } from "@/shared/api/types";
import { draftFor, draftInForce, hasKey, servicesOf, wordsOf } from "./services";

const OLLAMA = "http://127.0.0.1:11434/v1";

function settings(inForce: Partial<ModelSettings> = {}): ModelSettings {
  return {
    provider: "offline",
    model: "blueprints",
    base_url: null,
    has_key: false,
    source: "default",
    providers: [
      { name: "offline", label: "Composer", base_url: null, model: null, needs_key: false },
      {
        name: "gemini",
        label: "Gemini",
        base_url: "https://gemini.test/v1",
        model: "flash",
        needs_key: true,
      },
      { name: "openai", label: "Any", base_url: "https://openai.test/v1", model: null, needs_key: true },
    ],
    ...inForce,
  };
}

function service(id: string) {
  const found = servicesOf(settings()).find((each) => each.id === id);
  if (!found) throw new Error(`no service ${id}`);
  return found;
}

describe("what is in force", () => {
  it.each([
    [{}, "offline"],
    [{ provider: "gemini", base_url: "https://gemini.test/v1" }, "gemini"],
    [{ provider: "gemini", base_url: "https://proxy.test" }, "gemini"],
    [{ provider: "openai", base_url: "https://openai.test/v1" }, "openai"],
    [{ provider: "openai", base_url: OLLAMA }, "ollama"],
    [{ provider: "openai", base_url: "http://10.0.0.2/v1" }, "other"],
    [{ provider: "scripted" }, "scripted"],
  ])("is recognised: %o", (inForce, id) => {
    const draft = draftInForce(settings(inForce));
    expect(draft.service.id).toBe(id);
    expect(draft.baseUrl).toBe(settings(inForce).base_url ?? "");
  });
});

describe("the words for the server", () => {
  it("leave out what is the provider's own and what was not said", () => {
    const draft = draftFor(service("gemini"), settings());
    expect(wordsOf(draft)).toEqual({ provider: "gemini", model: "flash" });
    expect(wordsOf({ ...draft, baseUrl: "https://proxy.test", key: " k " })).toEqual({
      provider: "gemini",
      model: "flash",
      base_url: "https://proxy.test",
      api_key: "k",
    });
    expect(wordsOf(draftFor(service("ollama"), settings()))).toEqual({
      provider: "openai",
      base_url: OLLAMA,
    });
    expect(wordsOf(draftFor(service("offline"), settings()))).toEqual({ provider: "offline" });
  });

  it("give a key up only when asked to", () => {
    const kept = settings({ provider: "openai", base_url: OLLAMA, model: "m", has_key: true });
    const draft = draftInForce(kept);
    expect(hasKey(draft, kept)).toBe(true);
    expect(wordsOf(draft)).not.toHaveProperty("api_key");
    expect(wordsOf({ ...draft, forgetsKey: true })).toHaveProperty("api_key", "");
    expect(hasKey({ ...draft, baseUrl: "http://10.0.0.2/v1" }, kept)).toBe(false);
  });
});
