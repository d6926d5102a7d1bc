/** The shape of the module `make engine` writes; it may be absent while types are checked. */
declare module "*/wasm/agentos_engine.js" {
  export default function init(): Promise<unknown>;
  export function call(json: string): string;
}
