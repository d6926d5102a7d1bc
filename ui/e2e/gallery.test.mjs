/** Every app of the gallery is opened from the launcher and does what its steps say. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { AgentOS } from "./agentos.mjs";
import { Desktop, hasValue } from "./desktop.mjs";

const STEPS = JSON.parse(
  readFileSync(new URL("../../agentos-core/gallery/steps.json", import.meta.url), "utf8"),
);

describe("the gallery", () => {
  let agentos;
  let desktop;
  let titles;
  const complaints = [];
  before(async () => {
    agentos = await AgentOS.start();
    desktop = await Desktop.open(agentos.url);
    desktop.page.on("console", (message) => {
      if (message.type() === "error") complaints.push(`${message.text()} ${message.location().url}`);
    });
    const { body } = await agentos.request("GET", "/gallery");
    titles = Object.fromEntries(body.apps.map(({ id, title }) => [id, title]));
  });
  after(async () => {
    await desktop.close();
    await agentos.stop();
  });

  it("is offered in the launcher, by category and by search, and passes the accessibility check", async () => {
    const { page } = desktop;
    await page.getByRole("button", { name: "Apps", exact: true }).click();
    const gallery = page.getByRole("region", { name: "Gallery" });
    await gallery.getByRole("button", { name: "Open Memory" }).waitFor();
    assert.equal(await gallery.getByRole("button", { name: /^Open / }).count(), Object.keys(titles).length);
    await gallery.getByRole("button", { name: "Games", exact: true }).click();
    await gallery.getByRole("button", { name: "Open Kanban board" }).waitFor({ state: "detached" });
    await gallery.getByRole("button", { name: "Open Memory" }).waitFor();
    assert.deepEqual(await desktop.accessibilityViolations(), []);
    await page.getByRole("searchbox", { name: "Search apps" }).fill("monthly loan");
    await gallery.getByRole("button", { name: "Open Loan calculator" }).waitFor();
    assert.equal(await gallery.getByRole("button", { name: /^Open / }).count(), 1);
    await page.getByRole("searchbox", { name: "Search apps" }).fill("nothing like it");
    await gallery.getByText("No example matches").waitFor();
    await page.keyboard.press("Escape");
  });

  it("is used with the keyboard alone", async () => {
    const { page } = desktop;
    await page.getByRole("button", { name: "Apps", exact: true }).click();
    await page.getByRole("searchbox", { name: "Search apps" }).pressSequentially("tip");
    await desktop.tabTo("Open Tip calculator");
    await page.keyboard.press("Enter");
    const app = page.locator('[role="dialog"][data-app-id]:not([aria-busy])');
    await app.getByLabel("Bill").waitFor();
    await agentos.request("DELETE", `/apps/${await app.getAttribute("data-app-id")}`);
    await app.waitFor({ state: "detached" });
  });

  for (const [id, steps] of Object.entries(STEPS)) {
    it(`${id} works`, async () => {
      let app = await desktop.openExample(titles[id]);
      const appId = await app.getAttribute("data-app-id");
      for (const step of steps) {
        app = await take(step, app, appId).catch((cause) => {
          throw new Error(`${JSON.stringify(step)}: ${cause.message}`, { cause });
        });
      }
      await agentos.request("DELETE", `/apps/${appId}`);
      await app.waitFor({ state: "detached" });
      assert.deepEqual(complaints.splice(0), []);
    });
  }

  /** Takes one step in an app's window; gives the window, which is another one after a reload. */
  async function take([verb, name, value], app, appId) {
    const labelled = () =>
      app.getByLabel(name, { exact: true }).and(app.locator("input, textarea, select")).first();
    const shown = () => app.getByText(name).filter({ visible: true }).first();
    const moves = {
      click: async () => {
        const button = app.getByRole("button", { name, exact: true }).first();
        const text = app.getByText(name, { exact: true }).first();
        await button.or(text).first().waitFor();
        await ((await button.count()) > 0 ? button : text).click();
      },
      agree: async () => {
        const question = desktop.page.getByRole("alertdialog");
        await question.getByRole("button").last().click();
        await question.waitFor({ state: "detached" });
      },
      type: () => labelled().fill(String(value)),
      enter: () => labelled().press("Enter"),
      check: () =>
        app
          .getByRole("checkbox", { name, exact: true })
          .or(app.getByRole("switch", { name, exact: true }))
          .check(),
      uncheck: () =>
        app
          .getByRole("checkbox", { name, exact: true })
          .or(app.getByRole("switch", { name, exact: true }))
          .uncheck(),
      choose: async () => {
        const group = app
          .getByRole("radiogroup", { name, exact: true })
          .or(app.getByRole("group", { name, exact: true }));
        if ((await group.count()) > 0) await group.getByText(value, { exact: true }).click();
        else await labelled().selectOption({ label: value });
      },
      tab: () =>
        app
          .getByRole("tab", { name, exact: true })
          .or(app.getByRole("button", { name, exact: true }))
          .click(),
      draw: () => draw(app.getByRole("img", { name })),
      wait: () => desktop.page.waitForTimeout(name),
      value: () => hasValue(labelled(), value),
      expect: () => shown().waitFor(),
      gone: () => shown().waitFor({ state: "detached" }),
    };
    if (verb !== "reopen") {
      await moves[verb]();
      return app;
    }
    await desktop.allIsKept(app);
    await desktop.reload();
    const again = desktop.windowOf(appId);
    await desktop.page.locator(`[data-app-id="${appId}"]:not([aria-busy])`).waitFor();
    return again;
  }

  async function draw(sheet) {
    const { x, y } = await sheet.boundingBox();
    await desktop.page.mouse.move(x + 20, y + 20);
    await desktop.page.mouse.down();
    await desktop.page.mouse.move(x + 80, y + 60, { steps: 4 });
    await desktop.page.mouse.up();
  }
});
