/** An app that runs is edited from outside: its window follows with its state, and the window's menu leads back. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { AgentOS } from "./agentos.mjs";
import { Desktop } from "./desktop.mjs";

const counter = {
  type: "app",
  title: "Counter",
  state: { n: 0 },
  components: [
    { type: "text", id: "count", props: { content: "{{ n }} clicks" } },
    {
      type: "button",
      id: "more",
      props: { text: "More" },
      on_event: { click: { tool: "ui.increment", args: { path: "n" } } },
    },
  ],
};

describe("the history of an app", () => {
  let server;
  let desktop;
  let app;

  before(async () => {
    server = await AgentOS.start();
    const made = await server.request("POST", "/apps", { ui_spec: counter });
    assert.equal(made.status, 200, JSON.stringify(made.body));
    app = made.body.app_id;
    desktop = await Desktop.open(server.url);
  });

  after(async () => {
    await desktop?.close();
    await server?.stop();
  });

  it("an edit shows in the running window, is undone and done again by keyboard, and outlives a reload", async () => {
    const { page } = desktop;
    const window = desktop.windowOf(app);
    const button = (name) => window.getByRole("button", { name, exact: true });
    const shows = (text) => window.getByText(text, { exact: true }).waitFor();
    await button("More").click();
    await button("More").click();
    await shows("2 clicks");

    const lines = '{"upsert":{"id":"more","props":{"text":"Add one"}}}\n{"set":{"title":"Clicks"}}';
    const edited = await server.request("POST", `/apps/${app}/edit`, { lines, message: "a clearer button" });
    assert.equal(edited.status, 200, JSON.stringify(edited.body));
    await button("Add one").waitFor();
    await window.getByRole("heading", { name: "Clicks", exact: true }).waitFor();
    await shows("2 clicks");
    await button("Add one").click();
    await shows("3 clicks");

    await window.getByRole("button", { name: "Window menu" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("menuitem", { name: "History…" }).waitFor();
    await page.getByRole("menuitem", { name: "History…" }).press("Enter");
    const dialog = page.getByRole("dialog", { name: "History", exact: true });
    await dialog.getByText("a clearer button").waitFor();
    await dialog.getByText("changed text of more", { exact: true }).waitFor();
    assert.deepEqual(await desktop.accessibilityViolations(), []);
    await desktop.tabTo("Undo");
    await page.keyboard.press("Enter");
    await dialog.getByText("undone", { exact: true }).waitFor();
    await desktop.tabTo("Redo");
    await page.keyboard.press("Enter");
    await dialog.getByText("undone", { exact: true }).waitFor({ state: "detached" });
    await desktop.tabTo("Undo");
    await page.keyboard.press("Enter");
    await dialog.getByText("undone", { exact: true }).waitFor();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await button("More").waitFor();
    await shows("3 clicks");
    await button("More").click();
    await shows("4 clicks");
    await desktop.allIsKept(window);

    await desktop.reload();
    await button("More").waitFor();
    await shows("4 clicks");
    await server.request("POST", `/apps/${app}/redo`);
    await button("Add one").waitFor();
    await shows("4 clicks");
  });
});
