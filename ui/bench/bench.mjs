/** Prints what a click and a generation cost, as ratios against a baseline measured in the same run. */
import { execFileSync, spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { AgentOS } from "../e2e/agentos.mjs";
import { Desktop } from "../e2e/desktop.mjs";
import { Provider } from "../e2e/provider.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const pageFolder = join(root, ".cache/bench-page");
/** With the calculator's key and display they make 5,000, the most a document may have. */
const OTHERS = 4998;
const KEYS = ["digit_7", "multiply", "digit_8", "equals", "clear"];
const SUMS = 400;
const ROUNDS = 9;
const GENERATIONS = 20;

function run(command, ...args) {
  const ended = spawnSync(command, args, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (ended.status !== 0) throw new Error(`${command} ${args.join(" ")} failed`);
  return ended.stdout;
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** The native engine's figures, from a Rust benchmark. */
function native(bench) {
  const printed = run("cargo", "bench", "--quiet", "--bench", bench);
  return JSON.parse(printed.trim().split("\n").at(-1));
}

/** The clicks of `agentos-core/benches/click.rs` through the WebAssembly module in Node: microseconds for one. */
async function webAssembly() {
  const folder = join(root, "ui/src/engine/wasm");
  const engine = await import(join(folder, "agentos_engine.js"));
  engine.initSync({ module: await readFile(join(folder, "agentos_engine_bg.wasm")) });
  const { x: _, ...spec } = JSON.parse(
    await readFile(join(root, "agentos-core/gallery/calculator.json"), "utf8"),
  );
  engine.call(JSON.stringify({ op: "open", app: "a", spec, now: 0 }));
  const presses = KEYS.map((component) =>
    JSON.stringify({ op: "dispatch", app: "a", event: { component, kind: "click" }, now: 1 }),
  );
  const round = () => {
    const start = performance.now();
    for (let sum = 0; sum < SUMS; sum += 1) for (const press of presses) engine.call(press);
    return ((performance.now() - start) * 1000) / (SUMS * KEYS.length);
  };
  for (let warm = 0; warm < 5; warm += 1) round();
  return median(Array.from({ length: ROUNDS }, round));
}

const TYPES = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".wasm": "application/wasm",
};

async function servePage() {
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url, "http://localhost").pathname);
    try {
      const body = await readFile(join(pageFolder, path === "/" ? "index.html" : path));
      response.writeHead(200, {
        "content-type": TYPES[extname(path) || ".html"] ?? "application/octet-stream",
      });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return server;
}

/** Click to changed DOM in a real browser, beside what plain React takes for the same. */
async function clickToDom(chrome) {
  run(
    "npm",
    "exec",
    "--prefix",
    "ui",
    "--",
    "vite",
    "build",
    "--config",
    "ui/bench/vite.config.ts",
    "--logLevel",
    "error",
  );
  const server = await servePage();
  const page = await chrome.newPage();
  try {
    page.on("pageerror", (error) => console.error(error.message));
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    await page.waitForFunction(() => typeof window.measureDesktop === "function");
    const figures = {};
    for (const others of [0, OTHERS]) {
      // In turns, so that a machine that slows down slows both.
      const rounds = [];
      for (let round = 0; round < 3; round += 1) {
        rounds.push({
          plain: await page.evaluate((count) => window.measurePlainReact(count), others),
          desktop: await page.evaluate((count) => window.measureDesktop(count), others),
        });
      }
      figures[others] = {
        plain: median(rounds.map(({ plain }) => plain)),
        desktop: median(rounds.map(({ desktop }) => desktop.microseconds)),
        renders: Math.max(...rounds.map(({ desktop }) => desktop.renders)),
      };
    }
    return figures;
  } finally {
    await page.close();
    server.close();
  }
}

/** From the request to `ui_complete` over the real server, beside a ping on the same connection. */
async function generation(chrome) {
  const server = await AgentOS.start();
  const page = await chrome.newPage();
  try {
    await page.goto(new URL("/health", server.url).href);
    return await page.evaluate(async (rounds) => {
      const socket = new WebSocket(`${location.origin.replace("http", "ws")}/stream`);
      const answers = [];
      let wake = () => {};
      socket.onmessage = ({ data }) => {
        answers.push(JSON.parse(data));
        wake();
      };
      const until = async (type) => {
        for (;;) {
          const answer = answers.shift();
          if (answer?.type === "error") throw new Error(answer.error);
          if (answer?.type === type) return;
          if (!answer)
            await new Promise((resolve) => {
              wake = resolve;
            });
        }
      };
      const time = async (message, type) => {
        const start = performance.now();
        socket.send(JSON.stringify(message));
        await until(type);
        return performance.now() - start;
      };
      await until("system");
      const pings = [];
      const generated = [];
      for (let round = 0; round < rounds; round += 1) {
        pings.push(await time({ type: "ping" }, "pong"));
        generated.push(await time({ type: "generate_ui", message: "create a counter" }, "ui_complete"));
        await until("complete");
      }
      const middle = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
      return { ping: middle(pings), generated: middle(generated) };
    }, GENERATIONS);
  } finally {
    await page.close();
    await server.stop();
  }
}

/** A model that writes this many characters at once, so often: some 400 tokens a second, more than most do. */
const PIECE = 16;
const PAUSE_MS = 10;

/** How long a request takes of a played model, and the same again; both in milliseconds. */
async function cachedAnswer() {
  const provider = new Provider();
  await provider.start();
  const server = await AgentOS.start(provider.flags);
  try {
    const { x: _, ...app } = JSON.parse(
      await readFile(join(root, "agentos-core/gallery/calculator.json"), "utf8"),
    );
    const pause = () => new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    provider.answers.push(pieces(JSON.stringify(app)).flatMap((piece) => [piece, pause]));
    const ask = async (message) => {
      const start = performance.now();
      const { status, body } = await server.request("POST", "/generate-ui", { message });
      if (status !== 200) throw new Error(JSON.stringify(body));
      return { took: performance.now() - start, cached: body.report.cached };
    };
    const asked = await ask("a calculator, please");
    const repeated = [];
    for (let round = 0; round < ROUNDS; round += 1) repeated.push(await ask("A calculator please!"));
    if (asked.cached || repeated.some(({ cached }) => !cached)) throw new Error("the cache is not used");
    return { asked: asked.took, cached: median(repeated.map(({ took }) => took)) };
  } finally {
    await server.stop();
    provider.stop();
  }
}

function pieces(text) {
  return text.match(new RegExp(`[^]{1,${PIECE}}`, "g"));
}

/** From the first byte of a stream to the first component in the window, in milliseconds, and a ping beside it. */
async function firstComponent() {
  const provider = new Provider();
  await provider.start();
  const server = await AgentOS.start(provider.flags);
  const desktop = await Desktop.open(server.url);
  try {
    const took = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const shown = `number ${round}`;
      const text = { type: "text", props: { content: `${shown} is {{ count }}` } };
      const more = { type: "button", props: { text: "More" } };
      more.on_event = { click: { tool: "ui.increment", args: { path: "count" } } };
      const app = { title: `Tally ${round}`, state: { count: 0 }, components: [text, more] };
      let first = 0;
      const begins = () => {
        first = Date.now();
      };
      // Held open after the component, so that what is seen is the draft.
      let goOn = () => {};
      const held = new Promise((resolve) => {
        goOn = resolve;
      });
      const written = JSON.stringify(app);
      const end = written.indexOf('{"type":"button"');
      provider.answers.push([begins, ...pieces(written.slice(0, end)), () => held, written.slice(end)]);
      const seen = desktop.page.evaluate(
        (words) =>
          new Promise((resolve) => {
            const look = () => document.body.textContent.includes(words) && resolve(Date.now());
            new MutationObserver(look).observe(document.body, {
              subtree: true,
              childList: true,
              characterData: true,
            });
          }),
        `${shown} is 0`,
      );
      await desktop.ask(`count ${round}`);
      took.push((await seen) - first);
      goOn();
      await desktop.page.getByRole("button", { name: "More", exact: true }).last().waitFor();
    }
    return median(took);
  } finally {
    await desktop.close();
    await server.stop();
    provider.stop();
  }
}

/** One figure, what it is set against, and where it is to stay. */
function line(what, value, unit, baseline, ratio, goal = "") {
  console.log(
    `${what.padEnd(46)} ${value.toFixed(1).padStart(9)} ${unit} ${ratio.toFixed(2).padStart(8)} × ${baseline.padEnd(30)} ${goal}`,
  );
}

const inCore = native("click");
const documents = native("documents");
const inWasm = await webAssembly();
line("click on a calculator, native", inCore.click, "µs", "itself", 1, "≤ 20 µs");
line(
  "click, native, among 5,000 components",
  documents.click_5000,
  "µs",
  "among 12",
  documents.click_5000 / documents.click_12,
  "≤ 1.5 ×",
);
line("click on a calculator, WebAssembly", inWasm, "µs", "native", inWasm / inCore.click, "≤ 3 ×");
line(
  "check of 1,000 components",
  documents.check,
  "µs",
  "their JSON parse",
  documents.check / documents.parse,
  "≤ 5 ×",
);
line(
  "read in chunks of 16 bytes",
  documents.read,
  "µs",
  "their JSON parse",
  documents.read / documents.parse,
  "≤ 4 ×",
);
line(
  "a kilobyte read",
  documents.read / documents.kilobytes,
  "µs",
  "its JSON parse",
  documents.read / documents.parse,
);
line(
  "first component of 1,000 read",
  documents.first_component * 100,
  "% ",
  "all of the bytes",
  documents.first_component,
  "< 0.1 ×",
);
line(
  "open of 1,000 components",
  documents.open / 1000,
  "ms",
  "their JSON parse",
  documents.open / documents.parse,
  "≤ 10 ms",
);
line(
  "tick among 10,000 rows",
  documents.tick_10000,
  "µs",
  "among 100",
  documents.tick_10000 / documents.tick_100,
  "≤ 2 ×",
);
const kernel = native("kernel");
line(
  "a capability check among 100 grants",
  kernel.check_100,
  "ns",
  "among 1",
  kernel.check_100 / kernel.check_1,
  "≤ 200 ns",
);
line("a denied call", kernel.denied / 1000, "µs", "an allowed one", kernel.denied / kernel.allowed, "≤ 2 µs");
line(
  "one that is only counted",
  kernel.denied_counted / 1000,
  "µs",
  "an allowed one",
  kernel.denied_counted / kernel.allowed,
  "≤ 2 µs",
);
line(
  "10,000 processes",
  kernel.bytes_10000 / 2 ** 20,
  "MB",
  "1 KB each",
  kernel.bytes_10000 / 10_240_000,
  "≤ 10 MB",
);
line(
  "what they leave when they ended",
  kernel.bytes_ended / 2 ** 20,
  "MB",
  "what they took",
  kernel.bytes_ended / kernel.bytes_alive,
  "≤ 0.01 ×",
);
const host = native("host");
line(
  "a read of 1 KiB through the kernel",
  host.read / 1000,
  "µs",
  "std::fs::read",
  host.read / host.read_past,
  "≤ 3 ×",
);
line(
  "a durable write of 64 KiB through the kernel",
  host.write / 1e6,
  "ms",
  "write, fsync, rename, fsync",
  host.write / host.write_past,
  "≤ 1.5 ×",
);
line("events a second to 64 readers", host.event_rate, "/s", "10,000 /s", host.event_rate / 10_000, "≥ 1 ×");
line("events missed by the 63 awake", host.missed_awake, "  ", "one", host.missed_awake, "0");
line("events missed by the one asleep", host.missed_asleep, "  ", "20,000", host.missed_asleep / 20_000);
line(
  "a read beside an app that is stuck, its program asleep",
  host.beside_stuck / 1000,
  "µs",
  "one that is alone",
  host.beside_stuck / host.alone,
  "≤ 3 ×",
);
const wire = native("wire");
line(
  "a file of 4 KiB read over gRPC",
  wire.grpc_read,
  "µs",
  "a bare echo of it",
  wire.grpc_read / wire.grpc_echo,
  "≤ 1.2 ×",
);
line(
  "the slowest of a hundred reads over gRPC",
  wire.grpc_read_p99 / 1000,
  "ms",
  "the median",
  wire.grpc_read_p99 / wire.grpc_read,
);
line("kernel stats over REST", wire.rest, "µs", "a bare echo of them", wire.rest / wire.rest_echo, "≤ 1.5 ×");
const module = await readFile(join(root, "ui/src/engine/wasm/agentos_engine_bg.wasm"));
// As the build script counts it; the zlib of Node packs a little less tightly.
const packed = execFileSync("gzip", ["-9", "-c"], { input: module }).length;
line("engine module, gzip", packed / 1024, "KB", "itself unpacked", packed / module.length, "≤ 300 KB");

const chrome = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
});
try {
  for (const [others, { plain, desktop, renders }] of Object.entries(await clickToDom(chrome))) {
    const all = (Number(others) + 2).toLocaleString("en");
    line(`click → DOM, among ${all} components`, desktop, "µs", "memoised React", desktop / plain, "≤ 2 ×");
    line(`components rendered a click, among ${all}`, renders, "  ", "one", renders, "1");
  }
  const { ping, generated } = await generation(chrome);
  line("offline generation to ui_complete", generated, "ms", "a ping on its connection", generated / ping);
  const drawn = await firstComponent();
  line("first byte to the first drawn component", drawn, "ms", "a ping on a connection", drawn / ping);
  const { asked, cached } = await cachedAnswer();
  line("a cached answer", cached, "ms", "the model's, 400 tokens/s", cached / asked, "≤ 0.01 ×");
} finally {
  await chrome.close();
}
