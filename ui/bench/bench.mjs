/** Prints what a click and a generation cost, as ratios against a baseline measured in the same run. */
import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { chromium } from "playwright-core";
import { AgentOS } from "../e2e/agentos.mjs";
import { calculatorBeside } from "./documents.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const pageFolder = join(root, ".cache/bench-page");
const OTHERS = 1000;
const CLICKS = 2000;
const ROUNDS = 7;
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

/** The same clicks through the WebAssembly module in Node. */
async function webAssembly() {
  const folder = join(root, "ui/src/engine/wasm");
  const engine = await import(join(folder, "agentos_engine.js"));
  engine.initSync({ module: await readFile(join(folder, "agentos_engine_bg.wasm")) });
  const clicks = (others) => {
    const app = `beside-${others}`;
    engine.call(JSON.stringify({ op: "open", app, spec: calculatorBeside(others), now: 0 }));
    const request = JSON.stringify({
      op: "dispatch",
      app,
      event: { component: "toggle", kind: "click" },
      now: 1,
    });
    const round = () => {
      const start = performance.now();
      for (let click = 0; click < CLICKS; click += 1) engine.call(request);
      return ((performance.now() - start) * 1000) / CLICKS;
    };
    round();
    return median(Array.from({ length: ROUNDS }, round));
  };
  return { click: clicks(0), click_beside_1000: clicks(OTHERS) };
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

function line(what, value, unit, baseline, ratio) {
  console.log(
    `${what.padEnd(52)} ${value.toFixed(1).padStart(9)} ${unit}   ${ratio.toFixed(2).padStart(7)} × ${baseline}`,
  );
}

const inCore = native("click");
const documents = native("documents");
const inWasm = await webAssembly();
line("click, native engine", inCore.click, "µs", "itself", 1);
line(
  "click, native, beside 1,000 components",
  inCore.click_beside_1000,
  "µs",
  "alone",
  inCore.click_beside_1000 / inCore.click,
);
line("click, WebAssembly", inWasm.click, "µs", "native", inWasm.click / inCore.click);
line(
  "click, WebAssembly, beside 1,000 components",
  inWasm.click_beside_1000,
  "µs",
  "alone",
  inWasm.click_beside_1000 / inWasm.click,
);

line(
  "check of 1,000 components",
  documents.check,
  "µs",
  "their JSON parse",
  documents.check / documents.parse,
);
line(
  "read in chunks of 16 bytes",
  documents.read,
  "µs",
  "their JSON parse",
  documents.read / documents.parse,
);
line(
  "first component read",
  documents.first_component * 100,
  "% ",
  "all of the bytes",
  documents.first_component,
);
line(
  "open of 1,000 components",
  documents.open / 1000,
  "ms",
  "their JSON parse",
  documents.open / documents.parse,
);
line(
  "tick among 10,000 rows",
  documents.tick_10000,
  "µs",
  "among 100",
  documents.tick_10000 / documents.tick_100,
);
line(
  "click beside 4,900",
  documents.click_4900,
  "µs",
  "beside 10",
  documents.click_4900 / documents.click_10,
);
const module = await readFile(join(root, "ui/src/engine/wasm/agentos_engine_bg.wasm"));
const packed = gzipSync(module, { level: 9 }).length;
line("engine module, gzip", packed / 1024, "KB", "itself unpacked", packed / module.length);

const chrome = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
});
try {
  for (const [others, { plain, desktop, renders }] of Object.entries(await clickToDom(chrome))) {
    line(`click → DOM, beside ${others} components`, desktop, "µs", "plain memoised React", desktop / plain);
    line(`components rendered a click, beside ${others}`, renders, "  ", "one", renders);
  }
  const { ping, generated } = await generation(chrome);
  line(
    "offline generation to ui_complete",
    generated,
    "ms",
    "a ping on the same connection",
    generated / ping,
  );
} finally {
  await chrome.close();
}
