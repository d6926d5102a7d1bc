/** The only door to the WebAssembly runtime. */
import type { Operations, OpName } from "./protocol";

/** The one function the WebAssembly module exports. */
export type RawCall = (json: string) => string;

/** The engine refused an operation; the app it concerns goes on unchanged. */
export class EngineError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = "EngineError";
    this.code = code;
  }
}

export class Engine {
  readonly #call: RawCall;

  constructor(call: RawCall) {
    this.#call = call;
  }

  /** @throws EngineError when the engine answers with an error. */
  call<O extends OpName>(op: O, request: Operations[O]["request"]): Operations[O]["answer"] {
    const answer: unknown = JSON.parse(this.#call(JSON.stringify({ op, ...request })));
    if (isFailure(answer)) throw new EngineError(answer.code, answer.error);
    return answer as Operations[O]["answer"];
  }
}

function isFailure(answer: unknown): answer is { error: string; code: string } {
  return (
    typeof answer === "object" &&
    answer !== null &&
    "error" in answer &&
    "code" in answer &&
    typeof answer.error === "string" &&
    typeof answer.code === "string"
  );
}
