/** The desktop in a real browser, with the moves a person makes on it. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const findBrowser = fileURLToPath(new URL("../../scripts/find-browser", import.meta.url));
const WCAG = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"];
const PATIENCE_MS = 15_000;

const BROWSER_FLAGS = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
];

export class Desktop {
  #browser;
  #url;
  #errors;

  /** Opens the desktop in a browser of its own, which was started with more flags. */
  static async open(url, { flags = [], ...options } = {}) {
    const executablePath = execFileSync(findBrowser, { encoding: "utf8" }).trim();
    const isRoot = process.getuid?.() === 0;
    const browser = await chromium.launch({
      executablePath,
      args: [...BROWSER_FLAGS, ...flags, ...(isRoot ? ["--no-sandbox"] : [])],
    });
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    return new Desktop(browser, context, url).#show();
  }

  constructor(browser, context, url, errors = []) {
    this.#browser = browser;
    this.#url = url;
    this.#errors = errors;
    this.context = context;
  }

  async #show() {
    this.page = await this.newPage();
    await this.page.goto(this.#url);
    await this.promptIsThere();
    return this;
  }

  /** A second tab of the same browser. */
  newTab() {
    return new Desktop(null, this.context, this.#url, this.#errors).#show();
  }

  async newPage() {
    const page = await this.context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    page.on("pageerror", (error) => this.#errors.push(error));
    return page;
  }

  /** Ends the browser; what the page threw meanwhile fails the test. */
  async close() {
    await this.#browser?.close();
    assert.deepEqual(this.#errors, []);
  }

  async reload() {
    await this.page.goto(this.#url);
    await this.promptIsThere();
  }

  get prompt() {
    return this.page.getByRole("combobox", { name: "Describe an app" });
  }

  async promptIsThere() {
    await this.prompt.waitFor();
  }

  /** Says a sentence to the prompt bar, as a person does who knows the shortcut. */
  async ask(sentence) {
    await this.page.keyboard.press("Control+k");
    await this.prompt.fill(sentence);
    await this.prompt.press("Enter");
  }

  /** Has an app built from a sentence; gives its window once the app can be used. */
  async generate(sentence) {
    const before = await this.#windowKeys();
    await this.ask(sentence);
    const key = await this.#waitForNewWindow(before);
    const window = this.page.locator(`[data-window-key="${key}"]`);
    await this.page.locator(`[data-window-key="${key}"][data-app-id]:not([aria-busy])`).waitFor();
    return window;
  }

  /** The window of an app, wherever the desktop shows it. */
  windowOf(appId) {
    return this.page.locator(`[role="dialog"][data-app-id="${appId}"]`);
  }

  async #windowKeys() {
    const windows = await this.page.locator("[data-window-key]").all();
    return Promise.all(windows.map((window) => window.getAttribute("data-window-key")));
  }

  async #waitForNewWindow(before) {
    const found = await this.page.waitForFunction((known) => {
      const windows = [...document.querySelectorAll("[data-window-key]")];
      return windows.map((window) => window.dataset.windowKey).find((key) => !known.includes(key));
    }, before);
    return found.jsonValue();
  }

  /** Saves the app of a window under the name the dialog offers. */
  async save(window) {
    await titleBar(window).getByRole("button", { name: "Save app" }).click();
    const dialog = this.page.getByRole("dialog", { name: "Save app" });
    await dialog.getByRole("button", { name: "Save", exact: true }).click();
    await dialog.waitFor({ state: "hidden" });
  }

  /** Waits until the server has acknowledged every change of a window's app. */
  async allIsKept(window) {
    await titleBar(window).getByLabel("Unsaved changes").waitFor({ state: "detached" });
  }

  async closeWindow(window) {
    await titleBar(window).getByRole("button", { name: "Close" }).click();
    await window.waitFor({ state: "detached" });
  }

  /** Opens a saved app from the launcher and gives its window. */
  launch(name) {
    return this.#openFrom("Your apps", name);
  }

  /** Opens an example app from the launcher and gives its window. */
  openExample(name) {
    return this.#openFrom("Gallery", name);
  }

  async #openFrom(part, name) {
    const before = await this.#windowKeys();
    await this.page.getByRole("button", { name: "Apps", exact: true }).click();
    const apps = this.page.getByRole("region", { name: part });
    await apps.getByRole("button", { name: `Open ${name}`, exact: true }).click();
    const key = await this.#waitForNewWindow(before);
    await this.page.locator(`[data-window-key="${key}"][data-app-id]:not([aria-busy])`).waitFor();
    return this.page.locator(`[data-window-key="${key}"]`);
  }

  /** What axe finds against WCAG 2.2 AA on the page once nothing fades in or out any more, as readable lines. */
  async accessibilityViolations() {
    await this.page.evaluate(async () => {
      const ends = (animation) => Number.isFinite(animation.effect?.getComputedTiming().endTime);
      await Promise.allSettled(
        document
          .getAnimations()
          .filter(ends)
          .map(({ finished }) => finished),
      );
    });
    await this.page.evaluate(axe);
    const violations = await this.page.evaluate(async (tags) => {
      const { violations } = await window.axe.run(document, { runOnly: tags });
      return violations;
    }, WCAG);
    return violations.flatMap(({ id, help, nodes }) => nodes.map(({ html }) => `${id}: ${help}: ${html}`));
  }

  /** Moves the focus with Tab until it is on the control of this accessible name. */
  async tabTo(name) {
    const wanted = typeof name === "string" ? (found) => found === name : (found) => name.test(found);
    const passed = [];
    for (let presses = 0; presses < 80; presses += 1) {
      await this.page.keyboard.press("Tab");
      const focused = await this.#focusedName();
      if (wanted(focused)) return;
      passed.push(focused);
    }
    assert.fail(`Tab never reached ${name}; it passed ${passed.join(", ")}`);
  }

  #focusedName() {
    return this.page.evaluate(() => {
      const element = document.activeElement;
      const label = element.labels?.[0]?.textContent;
      return (element.getAttribute("aria-label") ?? label ?? element.textContent ?? "").trim();
    });
  }
}

/** Waits until a field shows a value. */
export async function hasValue(field, value) {
  const element = await field.elementHandle();
  await field.page().waitForFunction(([shown, wanted]) => shown.value === wanted, [element, value]);
}

function titleBar(window) {
  return window.locator("header").first();
}
