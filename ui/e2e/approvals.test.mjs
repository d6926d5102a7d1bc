/** An app that wants to contact a server asks on its own window, and the person's answer holds as long as it says. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { AgentOS } from "./agentos.mjs";
import { Desktop } from "./desktop.mjs";

/** A server on this machine that says how often it was asked. */
async function startSite() {
  const site = { visits: 0 };
  const server = createServer((_, response) => {
    site.visits += 1;
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ text: `visit ${site.visits}` }));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  site.host = `127.0.0.1:${server.address().port}`;
  site.stop = () => server.close();
  return site;
}

const fetcher = (host) => ({
  type: "app",
  title: "Fetcher",
  services: ["http"],
  state: { got: null, failed: "nothing" },
  components: [
    {
      type: "button",
      id: "get",
      props: { text: "Fetch" },
      on_event: {
        click: {
          tool: "http.get",
          args: { url: `http://${host}/` },
          into: "got",
          catch: { tool: "ui.set_state", args: { path: "failed", value: "{{ error.code }}" } },
        },
      },
    },
    { type: "text", props: { content: "Answer: {{ got.body.text }}" } },
    { type: "text", props: { content: "Failed: {{ failed }}" } },
  ],
});

describe("an app that wants to contact a server", () => {
  let sites;
  let agentos;
  let desktop;

  before(async () => {
    sites = { friend: await startSite(), stranger: await startSite() };
    agentos = await AgentOS.start(["--allow-host", `${sites.friend.host},${sites.stranger.host}`]);
  });
  after(async () => {
    await agentos.stop();
    for (const site of Object.values(sites)) site.stop();
  });
  beforeEach(async () => {
    desktop = await Desktop.open(agentos.url);
  });
  afterEach(async () => {
    const { apps } = (await agentos.request("GET", "/apps")).body;
    for (const { id } of apps) await agentos.request("DELETE", `/apps/${id}`);
    await desktop.close();
  });

  async function open(host) {
    const made = await agentos.request("POST", "/apps", { ui_spec: fetcher(host) });
    assert.equal(made.status, 200, JSON.stringify(made.body));
    await desktop.reload();
    const app = desktop.windowOf(made.body.app_id);
    await app.waitFor();
    return app;
  }

  const question = (app, host) => app.getByText(`Fetcher wants to contact ${host}`);
  const fetch = (app) => app.getByRole("button", { name: "Fetch" }).press("Enter");
  const shows = (app, text) => app.getByText(text, { exact: true }).waitFor();

  /** Goes to the answer with the Tab key alone, and takes it with Enter. */
  async function answer(app, label) {
    const { keyboard } = desktop.page;
    const wanted = app.getByRole("button", { name: label, exact: true });
    await wanted.waitFor();
    for (let steps = 0; steps < 20; steps += 1) {
      if (await wanted.evaluate((button) => button === document.activeElement)) {
        await keyboard.press("Enter");
        await wanted.waitFor({ state: "detached" });
        return;
      }
      await keyboard.press("Shift+Tab");
    }
    assert.fail(`"${label}" is not reached with the keyboard`);
  }

  it("asks on its own window, and once is for one request", async () => {
    const app = await open(sites.friend.host);
    const other = await open(sites.friend.host);
    await fetch(app);
    await question(app, sites.friend.host).waitFor();
    assert.equal(await question(other, sites.friend.host).count(), 0);
    assert.equal(sites.friend.visits, 0);
    assert.deepEqual(await desktop.accessibilityViolations(), []);
    await answer(app, "Once");
    await shows(app, "Answer: visit 1");
    await fetch(app);
    await question(app, sites.friend.host).waitFor();
    await answer(app, "Never");
    await shows(app, "Failed: permission_denied");
    assert.equal(sites.friend.visits, 1);
  });

  it("can be answered while more calls wait than a browser has connections", async () => {
    const apps = [];
    for (let opened = 0; opened < 7; opened += 1) apps.push(await open(sites.friend.host));
    for (const app of apps) await fetch(app);
    for (const app of apps) {
      await app.getByRole("button", { name: "Never", exact: true }).press("Enter");
      await shows(app, "Failed: permission_denied");
    }
    assert.equal(await desktop.page.getByText("Without an answer").count(), 0);
  });

  it("takes the question back when nobody waits for it, and a session is for every request", async () => {
    const app = await open(sites.friend.host);
    await fetch(app);
    await question(app, sites.friend.host).waitFor();
    await desktop.reload();
    await agentos.until("/kernel/approvals", ({ approvals }) => approvals.length === 0);
    await question(app, sites.friend.host).waitFor({ state: "detached" });
    await fetch(app);
    await answer(app, "This session");
    await app.getByText(/^Answer: visit/).waitFor();
    const visits = sites.friend.visits;
    await fetch(app);
    await shows(app, `Answer: visit ${visits + 1}`);
    assert.equal(await question(app, sites.friend.host).count(), 0);
  });

  it("keeps to always and never over a reload and a restart of the server", async () => {
    const friend = await open(sites.friend.host);
    const stranger = await open(sites.stranger.host);
    await fetch(friend);
    await answer(friend, "Always");
    await friend.getByText(/^Answer: visit/).waitFor();
    await fetch(stranger);
    await answer(stranger, "Never");
    await shows(stranger, "Failed: permission_denied");

    for (const again of [() => {}, () => agentos.crash().then(() => agentos.restart())]) {
      await again();
      await desktop.reload();
      const visits = sites.friend.visits;
      await fetch(friend);
      await shows(friend, `Answer: visit ${visits + 1}`);
      await fetch(stranger);
      await shows(stranger, "Failed: permission_denied");
      assert.equal(await question(friend, sites.friend.host).count(), 0);
      assert.equal(await question(stranger, sites.stranger.host).count(), 0);
      assert.equal(sites.stranger.visits, 0);
    }
  });
});
