/** What the desktop promises around every app: windows, tabs, crashes, the keyboard, access for everyone. */
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { AgentOS } from "./agentos.mjs";
import { Desktop } from "./desktop.mjs";

const COUNTER = "make a counter";
const TODO = "make a todo list";

let agentos;
let desktop;
before(async () => {
  agentos = await AgentOS.start();
});
after(() => agentos.stop());
beforeEach(async () => {
  desktop = await Desktop.open(agentos.url);
});
afterEach(async () => {
  const { apps } = (await agentos.request("GET", "/apps")).body;
  for (const { id } of apps) await agentos.request("DELETE", `/apps/${id}`);
  await desktop.close();
});

const button = (app, name) => app.getByRole("button", { name, exact: true });
const shows = (app, text) => app.getByText(text, { exact: true }).first().waitFor();

/** Where a window stands, whatever its opening animation does at the moment. */
const placeOf = (window) =>
  window.evaluate(({ offsetLeft, offsetTop, offsetWidth, offsetHeight }) => ({
    left: offsetLeft,
    top: offsetTop,
    width: offsetWidth,
    height: offsetHeight,
  }));

describe("windows", () => {
  it("of different apps keep independent state", async () => {
    const first = await desktop.generate(COUNTER);
    const second = await desktop.generate(COUNTER);
    const todo = await desktop.generate(TODO);
    await todo.getByLabel("New task").fill("Stay apart");
    await todo.getByLabel("New task").press("Enter");
    await second.locator("header").click();
    await button(second, "Add 1").click();
    await shows(second, "1");
    await shows(first, "0");
    await shows(todo, "1 task left");
  });

  it("in front have their icon in view, however many there are on a narrow shelf", async () => {
    await desktop.page.setViewportSize({ width: 390, height: 800 });
    for (let count = 0; count < 6; count += 1) await desktop.generate(COUNTER);
    const inFront = desktop.page.getByRole("button", { name: /, in front$/ });
    const isInView = () =>
      inFront.evaluate((icon) => {
        const [is, around] = [icon.getBoundingClientRect(), icon.parentElement.getBoundingClientRect()];
        return is.left >= around.left && is.right <= around.right;
      });
    assert.ok(await isInView(), "the last of six");
    await desktop.page
      .getByRole("navigation", { name: "Running apps" })
      .evaluate((shelf) => shelf.scrollTo(0, 0));
    await desktop.page
      .getByRole("button", { name: /^Counter, open$/ })
      .first()
      .click();
    await inFront.waitFor();
    assert.ok(await isInView(), "the first of six");
  });

  it("keep the whole shelf and the prompt on the screen, however many there are", async () => {
    const counter = await desktop.generate(COUNTER);
    const app = await agentos.request("GET", `/apps/${await counter.getAttribute("data-app-id")}`);
    for (let count = 1; count < 30; count += 1) {
      const made = await agentos.request("POST", "/apps", { ui_spec: app.body.ui_spec });
      assert.equal(made.status, 200, JSON.stringify(made.body));
    }
    await desktop.reload();
    await desktop.page
      .getByRole("button", { name: /^Counter, / })
      .nth(29)
      .waitFor();
    for (const width of [1440, 700]) {
      await desktop.page.setViewportSize({ width, height: 900 });
      const shelf = await desktop.page.getByRole("contentinfo", { name: "Shelf" }).evaluate((footer) => {
        const bar = footer.firstElementChild;
        const [around, icons, last] = [bar, bar.querySelector("nav"), bar.lastElementChild].map((part) =>
          part.getBoundingClientRect(),
        );
        return {
          iconsAreWithin: icons.left >= around.left && icons.right <= last.left && last.right <= around.right,
          oneIconFits: icons.width >= 44,
          page: document.documentElement.scrollWidth,
        };
      });
      assert.deepEqual(shelf, { iconsAreWithin: true, oneIconFits: true, page: width });
      const prompt = await desktop.prompt.evaluate((input) => input.form.getBoundingClientRect());
      assert.ok(prompt.width >= 200, `${prompt.width} of ${width} px are left for the prompt`);
      assert.ok(prompt.right <= width, `the prompt ends at ${prompt.right} of ${width} px`);
    }
  });

  it("with data are closed by the keyboard, after a question that has the focus on its safe answer", async () => {
    const todo = await desktop.generate(TODO);
    await todo.getByLabel("New task").fill("Stay");
    await todo.getByLabel("New task").press("Enter");
    await shows(todo, "1 task left");
    const question = desktop.page.getByRole("alertdialog", { name: /^Close “/ });
    const focused = (name) =>
      question.getByRole("button", { name, exact: true }).and(question.locator(":focus"));
    await button(todo, "Close").press("Enter");
    await focused("Keep open").waitFor();
    await desktop.page.keyboard.press("Enter");
    await question.waitFor({ state: "detached" });
    await shows(todo, "1 task left");
    await button(todo, "Close").press("Enter");
    await focused("Keep open").waitFor();
    await desktop.page.keyboard.press("Tab");
    await focused("Close and delete").waitFor();
    await desktop.page.keyboard.press("Tab");
    await focused("Keep open").waitFor();
    await desktop.page.keyboard.press("Shift+Tab");
    await desktop.page.keyboard.press("Enter");
    await todo.waitFor({ state: "detached" });
  });

  it("can be minimised, brought back and closed", async () => {
    const counter = await desktop.generate(COUNTER);
    await button(counter, "Minimise").click();
    await counter.waitFor({ state: "hidden" });
    await desktop.page.getByRole("button", { name: /, minimised$/ }).click();
    await counter.waitFor({ state: "visible" });
    await button(counter, "Add 1").click();
    await shows(counter, "1");
  });

  it("are dragged by their title bar and stay where they were put after a reload", async () => {
    const counter = await desktop.generate(COUNTER);
    const appId = await counter.getAttribute("data-app-id");
    const before = await placeOf(counter);
    await desktop.page.mouse.move(before.left + 120, before.top + 20);
    await desktop.page.mouse.down();
    await desktop.page.mouse.move(before.left + 220, before.top + 80, { steps: 5 });
    await desktop.page.mouse.up();
    const moved = await placeOf(counter);
    assert.deepEqual([moved.left - before.left, moved.top - before.top], [100, 60]);
    await agentos.until(`/apps/${appId}`, (app) => app.window?.position?.x === moved.left);
    await desktop.reload();
    assert.deepEqual(await placeOf(desktop.windowOf(appId)), moved);
  });
});

describe("a second tab", () => {
  it("takes the app over, and the first offers to use it here again", async () => {
    const first = await desktop.generate(COUNTER);
    const appId = await first.getAttribute("data-app-id");
    await button(first, "Add 1").click();
    await shows(first, "1");
    await desktop.allIsKept(first);

    const otherTab = await desktop.newTab();
    const second = otherTab.windowOf(appId);
    await shows(second, "1");
    await button(first, "Use here").waitFor();
    await button(second, "Add 1").click();
    await shows(second, "2");
    await otherTab.allIsKept(second);

    await button(first, "Use here").click();
    await shows(first, "2");
    await button(first, "Add 1").click();
    await shows(first, "3");
    await button(second, "Use here").waitFor();
  });
});

describe("a page that stays open", () => {
  it("marks what the crashed server did not acknowledge, and sends it when the server is back", async () => {
    const counter = await desktop.generate(COUNTER);
    const appId = await counter.getAttribute("data-app-id");
    await button(counter, "Add 1").click();
    await desktop.allIsKept(counter);

    await agentos.crash();
    await desktop.page.getByText("Offline").waitFor();
    await button(counter, "Add 1").click();
    await shows(counter, "2");
    await counter.getByLabel("Unsaved changes").waitFor();

    await agentos.restart();
    await desktop.allIsKept(counter);
    await agentos.until(`/apps/${appId}/state`, ({ state }) => state.count === 2);
    await desktop.reload();
    await shows(desktop.windowOf(appId), "2");
  });
});

describe("time", () => {
  const cases = [
    ["make a stopwatch", /^10:0\d\.\d\d$/],
    ["make a pomodoro timer", /^(15:00|14:5\d)$/],
  ];
  for (const [sentence, tenMinutesLater] of cases) {
    it(`passes for a page that slept ten minutes: ${sentence}`, async () => {
      await desktop.page.clock.install();
      await desktop.reload();
      const timer = await desktop.generate(sentence);
      await button(timer, "Start").click();
      await button(timer, "Start").waitFor({ state: "detached" });
      await desktop.page.clock.fastForward("10:00");
      await timer.getByText(tenMinutesLater).first().waitFor();
    });
  }
});

describe("typing", () => {
  it("reaches an input with the id message", async () => {
    const ui_spec = {
      type: "app",
      title: "Echo",
      layout: "vertical",
      components: [
        { type: "input", id: "message", props: { label: "Message" } },
        { type: "text", props: { content: "You said: {{ message }}" } },
      ],
    };
    const { body } = await agentos.request("POST", "/apps", { ui_spec });
    await desktop.reload();
    const echo = desktop.windowOf(body.app_id);
    await echo.getByLabel("Message", { exact: true }).pressSequentially("hello world");
    await shows(echo, "You said: hello world");
    assert.equal(await echo.getByLabel("Message", { exact: true }).inputValue(), "hello world");
  });
});

describe("the keyboard alone", () => {
  it("builds an app, uses it, saves it, closes it and opens it again", async () => {
    const { keyboard } = desktop.page;
    await keyboard.press("Control+k");
    await keyboard.type(TODO);
    await keyboard.press("Enter");
    const todo = desktop.page.getByRole("dialog", { name: "Tasks" });
    await todo.getByLabel("New task").waitFor();

    await desktop.tabTo("New task");
    await keyboard.type("Learn the keys");
    await keyboard.press("Enter");
    await desktop.tabTo("Learn the keys");
    await keyboard.press("Space");
    await shows(todo, "0 tasks left");

    await keyboard.press("Alt+Enter");
    await keyboard.press("Alt+Enter");
    await desktop.tabTo("Save app");
    await keyboard.press("Enter");
    const dialog = desktop.page.getByRole("dialog", { name: "Save app" });
    await dialog.waitFor();
    await keyboard.press("Enter");
    await dialog.waitFor({ state: "detached" });
    await desktop.allIsKept(todo);
    await keyboard.press("Alt+w");
    await todo.waitFor({ state: "detached" });

    await desktop.tabTo("Apps");
    await keyboard.press("Enter");
    const kept = desktop.page.getByRole("region", { name: "Your apps" });
    await kept.getByRole("button", { name: "Open Tasks" }).waitFor();
    await desktop.tabTo("Open Tasks");
    await keyboard.press("Enter");
    await shows(todo, "0 tasks left");
  });
});

describe("accessibility", () => {
  for (const colorScheme of ["light", "dark"]) {
    it(`has nothing axe objects to, empty and with apps, ${colorScheme}`, async () => {
      await desktop.page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await desktop.reload();
      assert.deepEqual(await desktop.accessibilityViolations(), []);
      const todo = await desktop.generate(TODO);
      await todo.getByLabel("New task").fill("Be reachable");
      await todo.getByLabel("New task").press("Enter");
      await shows(todo, "1 task left");
      assert.deepEqual(await desktop.accessibilityViolations(), []);
      const calculator = await desktop.generate("create a calculator");
      assert.deepEqual(await desktop.accessibilityViolations(), []);
      await button(calculator, "Save app").click();
      await desktop.page.getByRole("dialog", { name: "Save app" }).waitFor();
      assert.deepEqual(await desktop.accessibilityViolations(), []);
    });
  }
});

describe("what cannot be built", () => {
  it("is said plainly, with what can be", async () => {
    await desktop.ask("a flight simulator with weather radar");
    const answer = desktop.page.getByRole("alert").first();
    await answer.waitFor();
    await answer
      .getByText(/calculator/i)
      .first()
      .waitFor();
    await desktop.promptIsThere();
  });
});
