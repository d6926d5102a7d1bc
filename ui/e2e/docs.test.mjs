/** `/docs/apps`: the language on one page, written from the catalog, with examples that run. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { AgentOS } from "./agentos.mjs";
import { Desktop } from "./desktop.mjs";

describe("the documentation of apps", () => {
  let agentos;
  let desktop;
  let page;
  before(async () => {
    agentos = await AgentOS.start();
    desktop = await Desktop.open(agentos.url);
    page = desktop.page;
    await page.goto(new URL("/docs/apps", agentos.url).href);
    await page.getByRole("heading", { name: "Components", level: 2 }).waitFor();
  });
  after(async () => {
    await desktop.close();
    await agentos.stop();
  });

  it("has every component and every tool of the catalog", async () => {
    const { body } = await agentos.request("GET", "/catalog");
    const components = page.getByRole("region", { name: "Components", exact: true });
    for (const { name } of body.components) {
      assert.equal(await components.getByRole("heading", { name, level: 3, exact: true }).count(), 1, name);
    }
    for (const { id } of body.tools) {
      assert.equal(await page.getByRole("heading", { name: id, level: 4, exact: true }).count(), 1, id);
    }
  });

  it("draws every example", async () => {
    const { body } = await agentos.request("GET", "/catalog");
    for (const { name } of body.components) {
      const example = page.getByRole("region", { name: `${name}, live`, exact: true });
      assert.ok((await example.locator("[data-node-id]").count()) > 0, name);
    }
  });

  it("runs its examples", async () => {
    const list = page.getByRole("region", { name: "list, live", exact: true });
    await list.getByRole("checkbox", { name: "Write home" }).check();
    await page.getByRole("region", { name: "button, live", exact: true }).getByRole("button").click();
    await page.getByText("`save` ran").waitFor();
  });

  it("has no fault that axe finds, light and dark", async () => {
    for (const theme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme: theme });
      assert.deepEqual(await desktop.accessibilityViolations(), [], theme);
    }
  });
});
