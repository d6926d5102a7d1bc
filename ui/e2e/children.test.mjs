/** An app opens another one, shows it, puts it behind, and closes it; the desktop follows. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { AgentOS } from "./agentos.mjs";
import { Desktop } from "./desktop.mjs";

const run = (text, action) => ({ type: "button", props: { text }, on_event: { click: action } });
const opener = {
  type: "app",
  title: "Opener",
  state: { child: "", apps: [] },
  components: [
    run("Open", [
      { tool: "app.spawn", args: { request: "make a counter" }, into: "opened" },
      { tool: "ui.set_state", args: { path: "child", value: "{{ opened.app_id }}" } },
    ]),
    run("Count", { tool: "app.list", into: "apps" }),
    { type: "text", props: { content: "{{ apps | length }} apps" } },
    run("Show it", { tool: "app.focus", args: { app_id: "{{ child }}" } }),
    run("Come back", [{ tool: "app.focus", args: { app_id: "{{ child }}" } }, { tool: "app.focus" }]),
    run("Step back", { tool: "app.unfocus" }),
    run("Close it", { tool: "app.close", args: { app_id: "{{ child }}" } }),
    run("Leave", { tool: "app.close" }),
  ],
};
opener.state.opened = null;

describe("apps that open apps", () => {
  let server;
  let desktop;

  before(async () => {
    server = await AgentOS.start();
    const made = await server.request("POST", "/apps", { ui_spec: opener });
    assert.equal(made.status, 200, JSON.stringify(made.body));
    desktop = await Desktop.open(server.url);
  });

  after(async () => {
    await desktop?.close();
    await server?.stop();
  });

  it("show their children, move the attention and close only their own", async () => {
    const { page } = desktop;
    const window = (title) => page.getByRole("dialog", { name: title, exact: true });
    const focused = (title) =>
      page
        .locator('[role="dialog"][data-focused]')
        .filter({ has: page.getByRole("heading", { name: title, exact: true }) });
    const parent = window("Opener");
    // Through the DOM: the child's window may lie above the button.
    const press = (name) => parent.getByRole("button", { name, exact: true }).dispatchEvent("click");
    await press("Open");
    const { apps } = (await untilApps(server, 2)).body;
    const child = apps.find((app) => app.parent_id);
    await focused(child.title).waitFor();
    await desktop.windowOf(child.id).getByRole("button").last().waitFor();

    await press("Count");
    await parent.getByText("2 apps").waitFor();
    await press("Come back");
    await focused("Opener").waitFor();
    await press("Show it");
    await focused(child.title).waitFor();
    await press("Come back");
    await focused("Opener").waitFor();
    await press("Step back");
    await focused(child.title).waitFor();
    await press("Close it");
    await desktop.windowOf(child.id).waitFor({ state: "detached" });
    assert.deepEqual(await desktop.accessibilityViolations(), []);
    await press("Leave");
    await parent.waitFor({ state: "detached" });
    assert.equal((await server.request("GET", "/apps")).body.apps.length, 0);
  });
});

async function untilApps(server, count) {
  await server.until("/apps", ({ apps }) => apps.length === count);
  return server.request("GET", "/apps");
}
