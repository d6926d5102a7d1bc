/** What is long, or opens and closes: tables, lists, tabs, accordions, dialogs, in a real browser. */
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { AgentOS } from "./agentos.mjs";
import { Desktop } from "./desktop.mjs";

let server;
let desktop;

before(async () => {
  server = await AgentOS.start();
});

after(() => server?.stop());

beforeEach(async () => {
  desktop = await Desktop.open(server.url);
});

afterEach(() => desktop?.close());

/** Opens a document as an app; gives its window once it is drawn, and its state as the server holds it. */
async function open(spec) {
  const made = await server.request("POST", "/apps", { ui_spec: { type: "app", ...spec } });
  assert.equal(made.status, 200, JSON.stringify(made.body));
  const id = made.body.app_id ?? made.body.id;
  await desktop.reload();
  const window = desktop.windowOf(id);
  await window.locator("[data-node-id]").first().waitFor();
  return window;
}

const numbered = (count) => Array.from({ length: count }, (_, id) => ({ id, n: count - id }));

describe("a table of 10,000 rows", () => {
  const spec = {
    title: "Long table",
    state: { rows: numbered(10_000), chosen: [], told: "", pressed: "" },
    components: [
      { type: "text", id: "count", props: { content: "{{ chosen | length }} chosen, {{ told }}" } },
      {
        type: "table",
        id: "t",
        props: {
          label: "Numbers",
          columns: ["id", { key: "n", label: "Number", format: "number" }],
          rows: "{{ rows }}",
          selection: "many",
          selected: { $bind: "chosen" },
        },
        on_event: {
          select: {
            tool: "ui.set_state",
            args: { path: "told", value: "{{ event.key }} of {{ event.keys | length }}" },
          },
        },
      },
    ],
  };

  it("draws those in view, and the keyboard and the wheel reach all", async () => {
    const app = await open(spec);
    const grid = app.getByRole("grid", { name: "Numbers" });
    const scroller = app.getByRole("region", { name: "Numbers" });
    const row = (name) =>
      grid.getByRole("row", { name: `Select ${name.split(" ")[0]} ${name}`, exact: true });
    const drawn = () => grid.locator("tr[data-row]").count();
    await row("0 10,000").waitFor();
    assert.ok((await drawn()) < 100, `${await drawn()} rows`);
    assert.equal(await grid.getAttribute("aria-rowcount"), "10001");
    assert.equal(await grid.getAttribute("aria-multiselectable"), "true");
    assert.equal(await row("0 10,000").getAttribute("aria-rowindex"), "2");

    await scroller.evaluate((element) => element.scrollTo(0, element.scrollHeight));
    await row("9999 1").waitFor();
    assert.equal(await row("9999 1").getAttribute("aria-rowindex"), "10001");
    assert.ok((await drawn()) < 100, `${await drawn()} rows`);
    assert.ok(await isInView(row("9999 1"), scroller), "the last row is in view");

    await scroller.evaluate((element) => element.scrollTo(0, 0));
    await row("0 10,000").focus();
    await desktop.page.keyboard.press("ArrowDown");
    await focused(row("1 9,999"));
    await desktop.page.keyboard.press("End");
    await focused(row("9999 1"));
    await desktop.page.keyboard.press("ArrowUp");
    await focused(row("9998 2"));
    assert.ok(await isInView(row("9998 2"), scroller), "the row with the keyboard is in view");
    // Scrolled away, the row keeps the keyboard.
    await scroller.evaluate((element) => element.scrollTo(0, 0));
    await row("0 10,000").waitFor();
    await focused(row("9998 2"));
    await desktop.page.keyboard.press("Home");
    await focused(row("0 10,000"));
  });

  it("chooses one after another, all, and none, and sorts and keeps the choice", async () => {
    const app = await open(spec);
    const grid = app.getByRole("grid", { name: "Numbers" });
    const row = (name) =>
      grid.getByRole("row", { name: `Select ${name.split(" ")[0]} ${name}`, exact: true });
    const all = grid.getByLabel("Select all rows");
    const says = (text) => app.getByText(text, { exact: true }).waitFor();
    await row("2 9,998").focus();
    await desktop.page.keyboard.press("Space");
    await says("1 chosen, 2 of 1");
    await grid.getByLabel("Select 1", { exact: true }).check();
    await says("2 chosen, 1 of 2");
    assert.equal(await row("1 9,999").getAttribute("aria-selected"), "true");
    assert.equal(await row("0 10,000").getAttribute("aria-selected"), "false");
    assert.equal(await all.evaluate((box) => box.indeterminate), true);
    await row("1 9,999").getByText("9,999").click();
    await says("1 chosen, 1 of 1");

    await grid.getByRole("button", { name: "Number" }).click();
    await row("9999 1").waitFor();
    assert.equal(await row("9999 1").getAttribute("aria-rowindex"), "2");
    assert.equal(
      await grid.getByRole("columnheader", { name: "Number" }).getAttribute("aria-sort"),
      "ascending",
    );
    await focused(grid.getByRole("button", { name: "Number" }));
    await grid.getByRole("button", { name: "Number" }).click();
    await row("2 9,998").waitFor();
    assert.equal(await row("2 9,998").getAttribute("aria-selected"), "true");

    await all.check();
    await says("10000 chosen, of 10000");
    assert.equal(await all.evaluate((box) => box.indeterminate), false);
    await all.uncheck();
    await says("0 chosen, of 0");
    assert.deepEqual(await desktop.accessibilityViolations(), []);
  });

  it("pages, and tells each row's place among all", async () => {
    const paged = structuredClone(spec);
    paged.components[1].props.pageSize = 100;
    const app = await open(paged);
    const grid = app.getByRole("grid", { name: "Numbers" });
    const row = (name) =>
      grid.getByRole("row", { name: `Select ${name.split(" ")[0]} ${name}`, exact: true });
    await row("0 10,000").waitFor();
    await app.getByRole("button", { name: "Next page" }).click();
    await row("100 9,900").waitFor();
    assert.equal(await row("100 9,900").getAttribute("aria-rowindex"), "102");
    assert.equal(await grid.getAttribute("aria-rowcount"), "10001");
    assert.ok((await grid.locator("tr[data-row]").count()) < 100);
    await row("100 9,900").focus();
    await desktop.page.keyboard.press("End");
    await focused(row("199 9,801"));
  });
});

describe("a table of which one row can be chosen", () => {
  it("holds its key, and tells a press", async () => {
    const app = await open({
      title: "Short table",
      state: { rows: numbered(3), chosen: null, pressed: "" },
      components: [
        {
          type: "table",
          id: "t",
          props: {
            label: "Numbers",
            columns: ["id", "n"],
            rows: "{{ rows }}",
            selected: { $bind: "chosen" },
          },
          on_event: {
            row_click: { tool: "ui.set_state", args: { path: "pressed", value: "{{ event.row.n }}" } },
          },
        },
        { type: "text", props: { content: "chosen {{ chosen }}, pressed {{ pressed }}" } },
      ],
    });
    const row = (name) => app.getByRole("row", { name, exact: true });
    await row("1 2").getByText("2").click();
    await app.getByText("chosen 1, pressed 2", { exact: true }).waitFor();
    await desktop.page.keyboard.press("ArrowDown");
    await desktop.page.keyboard.press("Enter");
    await app.getByText("chosen 2, pressed 1", { exact: true }).waitFor();
    assert.equal(await row("2 1").getAttribute("aria-selected"), "true");
    assert.equal(await row("1 2").getAttribute("aria-selected"), "false");
  });
});

/** Waits until the element holds the keyboard. */
async function focused(locator) {
  const element = await locator.elementHandle();
  await desktop.page.waitForFunction((wanted) => document.activeElement === wanted, element);
}

function isInView(locator, scroller) {
  return scroller.elementHandle().then((frame) =>
    locator.evaluate((element, frame) => {
      const [inner, outer] = [element.getBoundingClientRect(), frame.getBoundingClientRect()];
      return inner.top >= outer.top - 1 && inner.bottom <= outer.bottom + 1;
    }, frame),
  );
}
