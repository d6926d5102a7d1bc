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

afterEach(async () => {
  await desktop?.close();
  const { apps } = (await server.request("GET", "/apps")).body;
  for (const { id } of apps) await server.request("DELETE", `/apps/${id}`);
});

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

describe("a list of 10,000 rows", () => {
  const tasks = Array.from({ length: 10_000 }, (_, id) => ({ id, done: false, long: id % 7 === 0 }));
  const spec = {
    title: "Long list",
    state: { tasks, only: false, height: 20 },
    computed: { done: "tasks | selectattr('done') | map(attribute='id') | join(' ')" },
    components: [
      {
        type: "container",
        props: { layout: "horizontal" },
        children: [
          { type: "text", id: "told", props: { content: "done: {{ done }}" } },
          {
            type: "button",
            props: { text: "Put one on top" },
            on_event: {
              click: {
                tool: "ui.add_item",
                args: { path: "tasks", value: { id: "new", done: false }, at: "first" },
              },
            },
          },
          { type: "switch", props: { label: "Only even", checked: { $bind: "only" } } },
        ],
      },
      {
        type: "list",
        id: "list",
        props: { label: "Tasks", variant: "striped" },
        each: { in: "tasks", as: "t", where: "not only or (t.id is number and t.id is even)" },
        children: [
          { type: "checkbox", id: "box", props: { label: "Task {{ t.id }}", checked: { $bind: "t.done" } } },
          { type: "text", id: "more", visible: "t.long", props: { content: "A second line\nand a third" } },
        ],
      },
    ],
  };
  const lines = (app) => app.locator('[data-node-id="list"] > [data-index]');
  const scroller = (app) => app.locator("[data-surface-content]");
  const box = (app, name) => app.getByRole("checkbox", { name: `Task ${name}`, exact: true });

  it("draws those in view, to its end and back, and writes to the row that was ticked", async () => {
    const app = await open(spec);
    await box(app, 0).waitFor();
    assert.ok((await lines(app).count()) < 120, `${await lines(app).count()} lines`);
    await toEnd(scroller(app), box(app, 9999));
    assert.ok((await lines(app).count()) < 120, `${await lines(app).count()} lines`);
    const item = lines(app).last();
    assert.equal(await item.getAttribute("aria-posinset"), "10000");
    assert.equal(await item.getAttribute("aria-setsize"), "10000");
    await box(app, 9999).check();
    // A row that holds the keyboard would stay.
    await box(app, 9999).blur();
    await scroller(app).evaluate((element) => element.scrollTo(0, element.scrollHeight * 0.7));
    await app.locator('[aria-posinset="10000"]').waitFor({ state: "detached" });
    const far = await lines(app).nth(8).getByRole("checkbox").getAttribute("id");
    const number = far.split("@")[1];
    await box(app, number).check();
    await scroller(app).evaluate((element) => element.scrollTo(0, 0));
    await app.getByText(`done: ${number} 9999`, { exact: true }).waitFor();
    assert.deepEqual(await desktop.accessibilityViolations(), []);
  });

  it("stands still while rows come into it, and when one is put above", async () => {
    const app = await open(spec);
    await box(app, 0).waitFor();
    await scroller(app).evaluate((element) => element.scrollTo(0, 90_000));
    await desktop.page.mouse.move(...(await middleOf(scroller(app))));
    let jumps = 0;
    for (let step = 0; step < 40; step += 1) {
      const before = await topLine(app);
      await desktop.page.mouse.wheel(0, step < 20 ? -90 : 90);
      const after = await settled(app, before);
      if (Math.abs(Math.abs(after.top - before.top) - 90) > 1.5) jumps += 1;
    }
    assert.equal(jumps, 0, "lines that jumped");
    const before = await topLine(app);
    await app.getByRole("button", { name: "Put one on top" }).dispatchEvent("click");
    await app.locator(`[data-node-id="${before.id}"]`).waitFor();
    await desktop.page.waitForFunction(
      (id) => document.querySelector(`[data-node-id="${id}"]`)?.closest("[data-index]"),
      before.id,
    );
    const after = await placeOf(app, before.id);
    assert.ok(Math.abs(after - before.top) <= 1, `it moved from ${before.top} to ${after}`);
  });

  it("keeps the keyboard in its row when that is scrolled away, and goes on from there", async () => {
    const app = await open(spec);
    await box(app, 3).focus();
    await scroller(app).evaluate((element) => element.scrollTo(0, element.scrollHeight / 2));
    await lines(app).nth(20).waitFor();
    await focused(box(app, 3));
    await desktop.page.keyboard.press("Space");
    await desktop.page.keyboard.press("Tab");
    await focused(box(app, 4));
    await app.getByText("done: 3", { exact: true }).waitFor();
    for (let step = 0; step < 30; step += 1) await desktop.page.keyboard.press("Tab");
    await focused(box(app, 34));
    assert.ok(await isInView(box(app, 34), scroller(app)), "the row with the keyboard is in view");
  });

  it("is filtered while it is scrolled", async () => {
    const app = await open(spec);
    await box(app, 0).waitFor();
    await toEnd(scroller(app), box(app, 9999));
    await app.getByRole("switch", { name: "Only even" }).dispatchEvent("click");
    await box(app, 9999).waitFor({ state: "detached" });
    await toEnd(scroller(app), box(app, 9998));
    assert.equal(await lines(app).last().getAttribute("aria-posinset"), "5000");
  });

  async function topLine(app) {
    return lines(app).evaluateAll((elements) => {
      const scroller = document.querySelector("[data-surface-content]");
      const edge = scroller.getBoundingClientRect().top;
      const line = elements.find((element) => element.getBoundingClientRect().bottom > edge + 120);
      const id = line.querySelector("[data-node-id]").dataset.nodeId;
      return { id, top: line.getBoundingClientRect().top, scroll: scroller.scrollTop };
    });
  }

  function placeOf(app, id) {
    return app
      .locator(`[data-node-id="${id}"]`)
      .evaluate((element) => element.closest("[data-index]").getBoundingClientRect().top);
  }

  /** Where the line is once two frames in a row show the view at the same place. */
  async function settled(app, { id }) {
    return app.locator(`[data-node-id="${id}"]`).evaluate(
      (element) =>
        new Promise((resolve) => {
          const scroller = document.querySelector("[data-surface-content]");
          const line = element.closest("[data-index]");
          let [last, still] = [Number.NaN, 0];
          const look = () => {
            still = scroller.scrollTop === last ? still + 1 : 0;
            last = scroller.scrollTop;
            if (still >= 3) resolve({ top: line.getBoundingClientRect().top, scroll: last });
            else requestAnimationFrame(look);
          };
          look();
        }),
    );
  }
});

describe("many children of other kinds", () => {
  it("stand in a grid of which the lines in view are drawn", async () => {
    const keys = Array.from({ length: 1000 }, (_, index) => ({
      type: "badge",
      id: `badge${index}`,
      props: { text: `Badge ${index}` },
    }));
    const app = await open({
      title: "Many in a grid",
      components: [{ type: "grid", id: "grid", props: { columns: 4, label: "Badges" }, children: keys }],
    });
    const first = app.getByText("Badge 0", { exact: true });
    await first.waitFor();
    const drawn = () => app.getByText(/^Badge /).count();
    assert.ok((await drawn()) < 300, `${await drawn()} badges`);
    const [a, b] = await Promise.all(
      [first, app.getByText("Badge 1", { exact: true })].map((badge) => badge.boundingBox()),
    );
    assert.ok(Math.abs(a.y - b.y) < 1 && b.x > a.x, "two of one line stand beside each other");
    await toEnd(app.locator("[data-surface-content]"), app.getByText("Badge 999", { exact: true }));
    assert.ok((await drawn()) < 300, `${await drawn()} badges`);
  });

  it("scroll in a container of its own height, lists in a list", async () => {
    const groups = Array.from({ length: 60 }, (_, id) => ({
      id: `g${id}`,
      rows: Array.from({ length: 80 }, (_, n) => ({ id: `g${id}n${n}`, n })),
    }));
    const app = await open({
      title: "Lists in a list",
      state: { groups },
      components: [
        {
          type: "container",
          id: "frame",
          props: { maxHeight: 300, label: "Groups" },
          each: { in: "groups", as: "g" },
          children: [
            { type: "text", props: { content: "Group {{ g.id }}", variant: "h3" } },
            {
              type: "list",
              id: "inner",
              each: { in: "g.rows", as: "r" },
              children: [{ type: "text", props: { content: "Row {{ g.id }} {{ r.n }}" } }],
            },
          ],
        },
      ],
    });
    const frame = app.getByRole("region", { name: "Groups" });
    await frame.getByText("Row g0 0", { exact: true }).waitFor();
    assert.ok((await frame.getByText(/^Row /).count()) < 400);
    await toEnd(frame, frame.getByText("Row g59 79", { exact: true }));
    assert.ok((await frame.getByText(/^Row /).count()) < 400);
    assert.ok(await isInView(frame.getByText("Row g59 79", { exact: true }), frame));
    assert.deepEqual(await desktop.accessibilityViolations(), []);
  });

  it("stand under each other as roots, and few are drawn as they are", async () => {
    const text = (index) => ({ type: "text", id: `t${index}`, props: { content: `Line ${index}` } });
    const app = await open({
      title: "Many roots",
      components: Array.from({ length: 400 }, (_, i) => text(i)),
    });
    await app.getByText("Line 0", { exact: true }).waitFor();
    assert.ok((await app.getByText(/^Line /).count()) < 120);
    await toEnd(app.locator("[data-surface-content]"), app.getByText("Line 399", { exact: true }));
    const short = await open({ title: "Few", components: Array.from({ length: 49 }, (_, i) => text(i)) });
    await short.getByText("Line 48", { exact: true }).waitFor({ state: "attached" });
    assert.equal(await short.getByText(/^Line /).count(), 49);
    assert.equal(await short.locator("[data-index]").count(), 0);
  });
});

/** Scrolls to the end, again where rows turned out higher than they were taken for, until what stands last is there. */
async function toEnd(scroller, last) {
  for (let tries = 0; tries < 20 && (await last.count()) === 0; tries += 1) {
    await scroller.evaluate(
      (element) =>
        new Promise((painted) => {
          element.scrollTo(0, element.scrollHeight);
          requestAnimationFrame(() => requestAnimationFrame(painted));
        }),
    );
  }
  await last.scrollIntoViewIfNeeded();
}

async function middleOf(locator) {
  const { x, y, width, height } = await locator.boundingBox();
  return [x + width / 2, y + height / 2];
}

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
