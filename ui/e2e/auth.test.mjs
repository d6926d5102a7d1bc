/** `--auth token` in a real browser: the link opens the desktop for its tab, and every other page is asked for the token. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { AgentOS } from "./agentos.mjs";
import { Desktop } from "./desktop.mjs";

describe("a desktop that asks for its token", () => {
  let agentos;
  let desktop;
  before(async () => {
    agentos = await AgentOS.start(["--auth", "token"]);
    desktop = await Desktop.open(agentos.link);
  });
  after(async () => {
    await desktop?.close();
    await agentos?.stop();
  });

  /** A tab of the same browser that was opened without the link. */
  async function stranger(path = "/") {
    const other = new Desktop(null, desktop.context, agentos.url);
    other.page = await desktop.newPage();
    await other.page.goto(new URL(path, agentos.url).href);
    return other;
  }
  const asked = ({ page }) =>
    page.getByRole("heading", { name: "This desktop asks for its token" }).waitFor();
  const kept = ({ page }) =>
    page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }, document.cookie]));

  it("is opened by its link, keeps what is done, and goes on after a reload", async () => {
    const { page } = desktop;
    assert.equal(page.url(), `${agentos.url}/`);
    const counter = await desktop.generate("make a counter");
    const app = await counter.getAttribute("data-app-id");
    await counter.getByRole("button", { name: "Add 1", exact: true }).click();
    await desktop.allIsKept(counter);
    await agentos.until(`/apps/${app}/state`, ({ rev }) => rev > 0);
    await page.reload();
    await desktop.windowOf(app).getByText("1", { exact: true }).first().waitFor();
    assert.equal(page.url(), `${agentos.url}/`);
    await desktop.windowOf(app).getByRole("button", { name: "Add 1", exact: true }).click();
    await desktop.windowOf(app).getByText("2", { exact: true }).first().waitFor();
    assert.equal(await page.getByRole("status").filter({ hasText: "Offline" }).count(), 0);
  });

  it("draws its language too, in the tab that has the token", async () => {
    const { page } = desktop;
    await page.goto(new URL("/docs/apps", agentos.url).href);
    await page.getByRole("navigation", { name: "Contents" }).getByRole("link", { name: "button" }).waitFor();
    await page.goto(agentos.url);
    await desktop.promptIsThere();
  });

  it("shows another tab how to come in, and nothing else", async () => {
    for (const path of ["/", "/docs/apps", "/windows/1"]) {
      const other = await stranger(path);
      await asked(other);
      assert.ok(!(await kept(other)).includes(agentos.token));
      assert.equal(await other.page.locator("[data-window-key]").count(), 0);
      await other.page.close();
    }
    assert.ok((await kept(desktop)).includes(agentos.token));
    const cookies = await desktop.context.cookies();
    assert.deepEqual(cookies, []);
  });

  it("takes the token from the keyboard, and says what is wrong with another", async () => {
    const other = await stranger();
    const { page } = other;
    await asked(other);
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      assert.deepEqual(await other.accessibilityViolations(), [], colorScheme);
    }
    const field = page.getByLabel("Link or token");
    assert.ok(await field.evaluate((input) => input === document.activeElement));
    await page.keyboard.type("secret");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByText("no token and no link").waitFor();
    assert.deepEqual(await other.accessibilityViolations(), []);

    await field.fill("0".repeat(64));
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByText("another token").waitFor();
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      assert.deepEqual(await other.accessibilityViolations(), [], colorScheme);
    }

    await page.getByLabel("Link or token").fill(agentos.link);
    await other.tabTo("Open the desktop");
    await page.keyboard.press("Enter");
    await other.promptIsThere();
    await page.close();
  });

  it("works from another machine, where a page that came in the clear may do less", async () => {
    const link = new URL(agentos.link);
    link.hostname = "desk.test";
    const flags = ["--host-resolver-rules=MAP desk.test 127.0.0.1"];
    const remote = await Desktop.open(link.href, { flags });
    try {
      assert.equal(await remote.page.evaluate(() => isSecureContext), false);
      assert.equal(remote.page.url(), `http://desk.test:${link.port}/`);
      const counter = await remote.generate("make a counter");
      await counter.getByRole("button", { name: "Add 1", exact: true }).click();
      await counter.getByText("1", { exact: true }).first().waitFor();
      await remote.allIsKept(counter);
      await remote.page.keyboard.press("Control+j");
      const chat = remote.page.getByRole("complementary", { name: "Chat" });
      await chat.getByRole("textbox").fill("create a calculator");
      await remote.page.keyboard.press("Enter");
      await remote.page.getByRole("dialog", { name: "Calculator" }).waitFor();
    } finally {
      await remote.close();
    }
  });

  it("is opened by a link in a tab where the page is open already", async () => {
    const other = await stranger(`/#token=${"f".repeat(64)}`);
    await other.page.getByRole("alert").getByText("another token").waitFor();
    assert.equal(other.page.url(), `${agentos.url}/`);
    await other.page.goto(agentos.link);
    await other.promptIsThere();
    assert.equal(other.page.url(), `${agentos.url}/`);
    await other.page.close();
  });
});
