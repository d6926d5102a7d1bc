/** Charts, players, a sheet that is drawn on, and a framed page, as a person meets them. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, afterEach, before, describe, it } from "node:test";
import { AgentOS } from "./agentos.mjs";
import { Desktop } from "./desktop.mjs";

const KINDS = ["line", "bar", "area", "pie", "donut", "scatter", "radar"];
const ROWS = [
  { id: 1, month: "Jan", spent: 120, saved: 40 },
  { id: 2, month: "Feb", spent: 90, saved: 60 },
  { id: 3, month: "Mar", spent: 150, saved: 20 },
];

describe("media", () => {
  let agentos;
  let desktop;
  let elsewhere;
  let host;
  let origin;
  const visits = [];
  before(async () => {
    elsewhere = createServer((request, response) => {
      visits.push(request.url);
      if (request.url.startsWith("/cat.svg")) {
        const cat = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><circle r="20" /></svg>';
        response.setHeader("content-type", "image/svg+xml").end(cat);
      } else if (request.url.endsWith(".wav")) response.setHeader("content-type", "audio/wav").end(silence());
      else
        response.setHeader("content-type", "text/html").end(`<title>x</title><h1>Page ${request.url}</h1>`);
    });
    await new Promise((resolve) => elsewhere.listen(0, "127.0.0.1", resolve));
    host = `127.0.0.1:${elsewhere.address().port}`;
    origin = `http://${host}`;
    agentos = await AgentOS.start(["--allow-host", host]);
    desktop = await Desktop.open(agentos.url);
  });
  after(async () => {
    await desktop.close();
    await agentos.stop();
    elsewhere.closeAllConnections();
    elsewhere.close();
  });

  afterEach(async () => {
    const { apps } = (await agentos.request("GET", "/apps")).body;
    for (const { id } of apps) await agentos.request("DELETE", `/apps/${id}`);
  });

  async function open(components, state = {}) {
    const { status, body } = await agentos.request("POST", "/apps", {
      ui_spec: { title: "Media", state, components },
    });
    assert.equal(status, 200, JSON.stringify(body));
    await desktop.reload();
    return desktop.windowOf(body.app_id);
  }

  /** Gives the person's answer to the question on the app's window. */
  async function answer(app, label) {
    await app.getByText(`Media wants to contact ${host}`).waitFor();
    await app.getByRole("button", { name: label, exact: true }).click();
  }

  const button = (text, tool, args = {}) => ({
    type: "button",
    props: { text },
    on_event: { click: { tool, args } },
  });

  it("draws every kind of chart with its marks and legend", async () => {
    const charts = KINDS.map((kind) => ({
      type: "chart",
      props: { kind, label: `A ${kind} chart`, rows: "{{ rows }}", x: "month", series: ["spent", "saved"] },
    }));
    const app = await open(charts, { rows: ROWS });
    for (const kind of KINDS) {
      const chart = app.getByRole("img", { name: `A ${kind} chart` });
      await chart.locator("svg.recharts-surface").first().waitFor();
      assert.ok((await chart.locator("path").count()) > 0, kind);
      if (kind !== "scatter") assert.match(await chart.innerText(), /Jan/, kind);
    }
    const line = app.getByRole("img", { name: "A line chart" });
    assert.match(await line.innerText(), /spent[\s\S]*saved/);
    await line.scrollIntoViewIfNeeded();
    await line.hover();
    await line
      .locator(".recharts-tooltip-wrapper")
      .getByText(/spent : \d+/)
      .waitFor();
    assert.deepEqual(await desktop.accessibilityViolations(), []);
  });

  it("says when there is nothing to draw and when figures are on their way", async () => {
    const app = await open([
      { type: "chart", props: { label: "None", rows: [], empty: "No figures" } },
      { type: "chart", props: { label: "Soon", rows: ROWS, loading: true } },
    ]);
    await app.getByText("No figures").waitFor();
    await app.getByText("Loading…").waitFor();
  });

  it("is drawn on with a pointer, and one stroke is one change that stays", async () => {
    const app = await open(
      [
        {
          type: "canvas",
          id: "canvas",
          props: { label: "Sketch", value: { $bind: "strokes" } },
          on_event: { change: { tool: "ui.increment", args: { path: "changes" } } },
        },
        { type: "text", props: { content: "{{ strokes | length }} strokes, {{ changes }} changes" } },
        button("Red", "canvas.setColor", { color: "#ff0000" }),
        button("Line", "canvas.draw", {
          data: {
            points: [
              { x: 5, y: 5 },
              { x: 90, y: 5 },
            ],
          },
        }),
        button("Clear", "canvas.clear"),
      ],
      { strokes: [], changes: 0 },
    );
    const sheet = app.getByRole("img", { name: /^Sketch/ });
    const box = await sheet.boundingBox();
    await desktop.page.mouse.move(box.x + 20, box.y + 60);
    await desktop.page.mouse.down();
    await desktop.page.mouse.move(box.x + 60, box.y + 80, { steps: 8 });
    await desktop.page.mouse.up();
    await app.getByText("1 strokes, 1 changes").waitFor();
    await app.getByRole("button", { name: "Red" }).click();
    await app.getByRole("button", { name: "Line" }).click();
    await app.getByText("2 strokes, 2 changes").waitFor();
    const red = await sheet.evaluate((canvas) => [...canvas.getContext("2d").getImageData(40, 5, 1, 1).data]);
    assert.deepEqual(red, [255, 0, 0, 255]);
    await desktop.allIsKept(app);
    await desktop.reload();
    await app.getByText("2 strokes, 2 changes").waitFor();
    await app.getByRole("button", { name: "Clear" }).click();
    await app.getByText("0 strokes, 3 changes").waitFor();
  });

  it("plays, pauses and steps through a playlist", async () => {
    const app = await open(
      [
        {
          type: "audio",
          id: "player",
          props: {
            label: "Song",
            src: `${origin}/one.wav`,
            playlist: [`${origin}/one.wav`, `${origin}/two.wav`],
            loop: true,
          },
          on_event: {
            play: { tool: "ui.set_state", args: { path: "told", value: "plays" } },
            pause: { tool: "ui.set_state", args: { path: "told", value: "rests" } },
          },
        },
        { type: "text", props: { content: "It {{ told }}" } },
        button("Play", "player.play"),
        button("Pause", "player.pause"),
        button("Next", "player.next"),
        button("Half", "player.setVolume", { volume: 50 }),
      ],
      { told: "waits" },
    );
    await answer(app, "This session");
    const song = app.locator("audio");
    await song.waitFor();
    await app.getByRole("button", { name: "Play" }).click();
    await app.getByText("It plays").waitFor();
    await app.getByRole("button", { name: "Pause" }).click();
    await app.getByText("It rests").waitFor();
    await app.getByRole("button", { name: "Half" }).click();
    await desktop.page.waitForFunction((audio) => audio.volume === 0.5, await song.elementHandle());
    await app.getByRole("button", { name: "Next" }).click();
    await desktop.page.waitForFunction((audio) => audio.src.endsWith("/two.wav"), await song.elementHandle());
  });

  it("loads nothing from a server before the person allowed it, and asks again when told to", async () => {
    const before = visits.length;
    const app = await open(
      [
        { type: "image", props: { src: `${origin}/cat.svg?with={{ secret }}`, alt: "A cat" } },
        { type: "video", props: { src: `${origin}/film.mp4`, label: "A film" } },
        { type: "iframe", props: { src: `${origin}/page`, title: "A page" } },
        { type: "text", props: { content: "Said {{ secret }}" } },
      ],
      { secret: "sesame" },
    );
    await app.getByText(`Waits until it may contact ${host}`).first().waitFor();
    await answer(app, "Never");
    await app.getByText(`It may not contact ${host}`).nth(2).waitFor();
    assert.deepEqual(visits.slice(before), []);
    assert.deepEqual(await desktop.accessibilityViolations(), []);

    await app.getByRole("button", { name: "Window menu" }).click();
    await desktop.page.getByRole("menuitem", { name: "Permissions…" }).click();
    const permissions = desktop.page.getByRole("dialog", { name: "Permissions" });
    await permissions.getByText(`May not contact ${host}`).waitFor();
    assert.deepEqual(await desktop.accessibilityViolations(), []);
    await permissions.getByRole("button", { name: "Take all answers back" }).click();
    await permissions.getByText("It has not asked for anything yet").waitFor();
    await desktop.page.keyboard.press("Escape");

    await app.getByRole("group", { name: "A cat" }).getByRole("button", { name: "Ask again" }).click();
    await answer(app, "Always");
    await app.getByRole("img", { name: "A cat" }).waitFor();
    assert.deepEqual(visits.slice(before), ["/cat.svg?with=sesame"]);
    await desktop.reload();
    await app.getByRole("img", { name: "A cat" }).waitFor();
    await app.locator("video").waitFor();
    await app.frameLocator("iframe").getByText("Page /page").waitFor();
  });

  it("frames a page that reaches nothing, and goes back and forth", async () => {
    const app = await open([
      { type: "iframe", id: "browser", props: { title: "Pages", src: `${origin}/a`, height: 200 } },
      button("Go", "browser.navigate", { url: `${origin}/b` }),
      button("Back", "browser.back"),
      button("Forward", "browser.forward"),
    ]);
    await answer(app, "This session");
    const page = app.frameLocator("iframe");
    await page.getByText("Page /a").waitFor();
    assert.doesNotMatch(await app.locator("iframe").getAttribute("sandbox"), /allow-same-origin/);
    await app.getByRole("button", { name: "Go" }).click();
    await page.getByText("Page /b").waitFor();
    await app.getByRole("button", { name: "Back" }).click();
    await page.getByText("Page /a").waitFor();
    await app.getByRole("button", { name: "Forward" }).click();
    await page.getByText("Page /b").waitFor();
  });
});

/** A second of silence: 8 kHz, 8 bit, mono. */
function silence() {
  const samples = 8000;
  const wav = Buffer.alloc(44 + samples, 128);
  wav.write("RIFF", 0);
  wav.writeUInt32LE(36 + samples, 4);
  wav.write("WAVEfmt ", 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(8000, 24);
  wav.writeUInt32LE(8000, 28);
  wav.writeUInt16LE(1, 32);
  wav.writeUInt16LE(8, 34);
  wav.write("data", 36);
  wav.writeUInt32LE(samples, 40);
  return wav;
}
