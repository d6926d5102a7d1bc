/** Starts the real server for a test: a free port, data of its own, and a way to kill it in the middle of things. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const PATIENCE_MS = 10_000;
const repository = fileURLToPath(new URL("../..", import.meta.url));
const target = process.env.CARGO_TARGET_DIR ?? join(repository, "target");
const program = join(target, process.env.AGENTOS_PROFILE ?? "debug", "agentos-server");

export class AgentOS {
  #arguments = [];
  #environment = {};
  #dataDir;
  #process;
  url = "";
  /** What a person opens: with the token where the server asks for one. */
  link = "";

  /** A server with nothing in it yet; it gets the arguments and the environment at each start. */
  static async start(args = [], environment = {}) {
    const server = new AgentOS();
    server.#arguments = args;
    server.#environment = environment;
    server.#dataDir = await mkdtemp(join(tmpdir(), "agentos-e2e-"));
    await server.#launch("127.0.0.1:0");
    return server;
  }

  get token() {
    return this.link.split("#token=")[1];
  }

  /** Kills the server without warning. */
  async crash() {
    await this.#end("SIGKILL");
  }

  /** Starts a server that crashed again, on the same data and address. */
  async restart() {
    await this.#launch(new URL(this.url).host);
  }

  async stop() {
    await this.#end("SIGTERM");
    await rm(this.#dataDir, { recursive: true, force: true });
  }

  /** Sends a request as a program on this machine would; a body is sent as JSON. */
  async request(method, path, body) {
    const response = await fetch(new URL(path, this.url), {
      method,
      headers: {
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(this.token ? { authorization: `Bearer ${this.token}` } : {}),
      },
      body: body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body),
    });
    return { status: response.status, body: await response.json() };
  }

  /** Asks again and again until the answer holds. */
  async until(path, holds) {
    const deadline = Date.now() + PATIENCE_MS;
    let answer;
    do {
      answer = await this.request("GET", path);
      if (holds(answer.body)) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    } while (Date.now() < deadline);
    throw new Error(`${path} never held what was expected; last: ${JSON.stringify(answer.body)}`);
  }

  async #launch(listen) {
    const off = { AGENTOS_KERNEL_LISTEN: "", AGENTOS_AI_LISTEN: "", AGENTOS_LLM: "offline" };
    const own = ["--listen", listen, "--data-dir", this.#dataDir];
    this.#process = spawn(program, [...own, ...this.#arguments], {
      cwd: this.#dataDir,
      env: { ...process.env, ...off, ...this.#environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const output = [];
    this.#process.stderr.on("data", (text) => output.push(text));
    for await (const line of createInterface({ input: this.#process.stdout })) {
      output.push(`${line}\n`);
      const ready = line.match(/AgentOS is ready at (\S+)/);
      if (ready) {
        this.link = ready[1];
        this.url = new URL(this.link).origin;
        this.#process.stdout.resume();
        return;
      }
    }
    throw new Error(`the server ended before it was ready:\n${output.join("")}`);
  }

  async #end(signal) {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, "exit");
    this.#process.kill(signal);
    await ended;
  }
}
