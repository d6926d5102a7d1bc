import { Engine } from "./engine";

/** Fetches and starts the module; rejects when the browser cannot run it. */
export async function loadEngine(): Promise<Engine> {
  const module = await import("./wasm/agentos_engine.js");
  await module.default();
  return new Engine(module.call);
}
