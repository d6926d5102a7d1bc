/** A provider of models that is played. */
import { once } from "node:events";
import { createServer } from "node:http";

/** Speaks chat completions; each answer is a list of pieces, of which a function is waited for. */
export class Provider {
  answers = [];
  /** The bodies of the questions so far. */
  asked = [];
  /** The `authorization` of every request so far. */
  authorizations = [];
  #toldHungUp;
  /** Resolves when a client left before its answer was whole. */
  hungUp = new Promise((resolve) => {
    this.#toldHungUp = resolve;
  });
  #server = createServer((request, response) => void this.#answer(request, response));

  async start() {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return this.url;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}/v1`;
  }

  /** What a server is started with to ask it. */
  get flags() {
    return ["--llm", "openai", "--llm-model", "some-model", "--llm-base-url", this.url];
  }

  stop() {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(request, response) {
    let body = "";
    for await (const piece of request) body += piece;
    this.authorizations.push(request.headers.authorization);
    if (request.method === "GET") {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ data: [{ id: "some-model" }] }));
      return;
    }
    this.asked.push(JSON.parse(body));
    response.on("close", () => {
      if (!response.writableEnded) this.#toldHungUp();
    });
    response.setHeader("content-type", "text/event-stream");
    const send = (event) => response.write(`data: ${JSON.stringify(event)}\n\n`);
    for (const piece of this.answers.shift() ?? []) {
      if (typeof piece === "function") await piece();
      else if (piece.thought) send({ choices: [{ delta: { reasoning_content: piece.thought } }] });
      else send({ choices: [{ delta: { content: piece } }] });
    }
    send({ choices: [{ delta: {}, finish_reason: "stop" }] });
    send({ choices: [], usage: { prompt_tokens: 120, completion_tokens: 34 } });
    response.end("data: [DONE]\n\n");
  }
}
