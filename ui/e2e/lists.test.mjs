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
    await inView(row("9999 1"), scroller);

    await scroller.evaluate((element) => element.scrollTo(0, 0));
    await row("0 10,000").focus();
    await desktop.page.keyboard.press("ArrowDown");
    await focused(row("1 9,999"));
    await desktop.page.keyboard.press("End");
    await focused(row("9999 1"));
    await desktop.page.keyboard.press("ArrowUp");
    await focused(row("9998 2"));
    await inView(row("9998 2"), scroller);
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
  const spec = {
    title: "Long list",
    state: {
      only: "all",
      rows: Array.from({ length: 10_000 }, (_, n) => ({
        id: n,
        name: `Task ${n}`,
        w: (n * 7) % 11,
        done: false,
      })),
      fresh: Array.from({ length: 500 }, (_, n) => ({ id: 20_000 + n, w: 0, done: false })),
      draft: "",
    },
    components: [
      {
        type: "container",
        props: { layout: "horizontal" },
        children: [
          {
            type: "text",
            props: { content: "{{ rows | selectattr('done') | map(attribute='id') | join(',') }}" },
          },
          button("Grow 0", {
            tool: "ui.update_item",
            args: { path: "rows", key: 0, value: { w: 40 } },
          }),
          button("Add above", {
            tool: "ui.add_item",
            args: { path: "rows", at: "first", value: { w: 3, done: false } },
          }),
          button("Add 500 above", {
            tool: "ui.set_state",
            args: { path: "rows", value: "{{ fresh + rows }}" },
          }),
          button("Only sevens", { tool: "ui.set_state", args: { path: "only", value: "sevens" } }),
          button("Only done", { tool: "ui.set_state", args: { path: "only", value: "done" } }),
          button("All", { tool: "ui.set_state", args: { path: "only", value: "all" } }),
        ],
      },
      {
        type: "container",
        id: "frame",
        props: { maxHeight: 400, label: "Tasks" },
        children: [
          {
            type: "list",
            id: "tasks",
            props: { label: "All tasks" },
            each: {
              in: "rows",
              as: "r",
              where: "only == 'all' or (only == 'done' and r.done) or (only == 'sevens' and r.id % 7 == 0)",
            },
            children: [
              {
                type: "checkbox",
                id: "done",
                props: {
                  label: "Task {{ r.id }}{{ ' and more of it' * r.w }}",
                  checked: { $bind: "r.done" },
                },
              },
            ],
          },
        ],
      },
    ],
  };
  /** The scroller, its rows, and what can be told of them. */
  const parts = (app) => {
    const scroller = app.locator('[data-node-id="frame"]');
    const list = app.getByRole("list", { name: "All tasks" });
    return {
      scroller,
      list,
      rows: list.locator(":scope > *"),
      item: (place) => list.locator(`[aria-posinset="${place}"]`),
      press: (name) => app.getByRole("button", { name, exact: true }).click(),
    };
  };

  it("draws those in view, and each writes to its own item", async () => {
    const app = await open(spec);
    const { scroller, list, rows, item } = parts(app);
    await item(1).waitFor();
    assert.ok((await rows.count()) < 120, `${await rows.count()} rows`);
    assert.equal(await item(1).getAttribute("aria-setsize"), "10000");
    assert.deepEqual(await desktop.accessibilityViolations(), []);

    await scroller.evaluate((element) => element.scrollTo(0, element.scrollHeight));
    await item(10_000).waitFor();
    await inView(item(10_000), scroller);
    assert.ok((await rows.count()) < 120, `${await rows.count()} rows`);

    // The scroll bar leads to where a row is, give or take what its rows differ.
    await scroller.evaluate((element) => element.scrollTo(0, element.scrollHeight * 0.7));
    await item(7001).waitFor();
    await list.getByLabel(nameOf(7000), { exact: true }).check();
    await app.getByText("7000", { exact: true }).waitFor();
    assert.ok((await rows.count()) < 120, `${await rows.count()} rows`);
    assert.deepEqual(await desktop.accessibilityViolations(), []);
  });

  it("draws no more than that while the wheel turns, and never a gap", async () => {
    const app = await open(spec);
    const { scroller, rows, item } = parts(app);
    await item(1).waitFor();
    await scroller.hover();
    for (let turns = 0; turns < 40; turns += 1) {
      await desktop.page.mouse.wheel(0, turns < 25 ? 900 : -700);
      await nextFrame();
      const seen = await scroller.evaluate(coverage);
      assert.ok(seen.rows < 120, `${seen.rows} rows`);
      assert.ok(seen.isCovered, `a gap at ${seen.scrollTop}`);
    }
    assert.ok((await rows.count()) < 120);
  });

  it("stays where it is when rows above grow, come, and go", async () => {
    // So few that an expression may join them with others.
    const shorter = structuredClone(spec);
    shorter.state.rows.length = 1_500;
    const app = await open(shorter);
    const { scroller, item, press } = parts(app);
    await item(1).waitFor();
    // Far down and back again, so that rows come in above that were never measured.
    await scroller.evaluate((element) => element.scrollTo(0, 60_000));
    await settled();
    for (let steps = 0; steps < 30; steps += 1) {
      const before = await topRow(scroller);
      await scroller.evaluate((element) => element.scrollBy(0, -37));
      await settled();
      const after = await topOf(scroller, before.row);
      assert.ok(
        Math.abs(after - before.top - 37) <= 1,
        `step ${steps}: moved by ${after - before.top} of 37`,
      );
    }

    await scroller.evaluate((element) => element.scrollTo(0, 330));
    await settled();
    for (const name of ["Grow 0", "Add above", "Add above", "Add 500 above"]) {
      const before = await topRow(scroller);
      await press(name);
      await settled();
      const after = await topOf(scroller, before.row);
      assert.ok(Math.abs(after - before.top) <= 1, `${name}: moved by ${after - before.top}`);
    }
    await scroller.evaluate((element) => element.scrollTo(0, 0));
    await app.getByLabel("Task 20000", { exact: true }).waitFor();
  });

  it("shows what a filter leaves, from wherever it was scrolled to", async () => {
    const app = await open(spec);
    const { scroller, list, item, press } = parts(app);
    await item(1).waitFor();
    await list.getByLabel(nameOf(3), { exact: true }).check();
    await scroller.evaluate((element) => element.scrollTo(0, element.scrollHeight / 2));
    await settled();
    await press("Only sevens");
    await settled();
    const sevens = await scroller.evaluate(coverage);
    assert.ok(sevens.isCovered, "the rows left fill the frame");
    assert.equal(await list.locator(":scope > *").first().getAttribute("aria-setsize"), "1429");
    await press("Only done");
    await list.getByLabel(nameOf(3), { exact: true }).waitFor();
    assert.equal(await list.locator(":scope > *").count(), 1);
    await press("All");
    await list.getByLabel(nameOf(4), { exact: true }).waitFor();
    assert.ok((await scroller.evaluate(coverage)).isCovered);
  });

  it("keeps the keyboard in a row that is scrolled away", async () => {
    const app = await open(spec);
    const { scroller, list, rows, item } = parts(app);
    const box = (n) => list.getByLabel(nameOf(n), { exact: true });
    await item(1).waitFor();
    await box(2).focus();
    await scroller.evaluate((element) => element.scrollTo(0, element.scrollHeight / 2));
    await settled();
    await focused(box(2));
    assert.ok((await rows.count()) < 120, `${await rows.count()} rows`);
    await desktop.page.keyboard.press("Space");
    await app.getByText("2", { exact: true }).waitFor();
    await desktop.page.keyboard.press("Tab");
    await focused(box(3));
    for (let n = 4; n < 80; n += 1) {
      await desktop.page.keyboard.press("Tab");
      await focused(box(n));
    }
    await inView(box(79), scroller);
    assert.ok((await rows.count()) < 120, `${await rows.count()} rows`);
  });
});

describe("long lists in one another", () => {
  const spec = {
    title: "Groups",
    state: {
      groups: Array.from({ length: 60 }, (_, g) => ({
        id: g,
        items: Array.from({ length: 80 }, (_, n) => ({
          id: n,
          name: `Item ${g}.${n} ${"more ".repeat((g + n) % 9)}`,
        })),
      })),
    },
    components: [
      {
        type: "list",
        id: "groups",
        props: { label: "Groups" },
        each: { in: "groups", as: "g" },
        children: [
          {
            type: "card",
            props: { title: "Group {{ g.id }}" },
            children: [
              {
                type: "list",
                id: "items",
                props: { label: "Items of {{ g.id }}", variant: "bordered" },
                each: { in: "g.items", as: "i" },
                children: [{ type: "text", id: "item", props: { content: "{{ i.name }}" } }],
              },
            ],
          },
        ],
      },
    ],
  };

  it("draw only what is in view, and stay steady", async () => {
    const app = await open(spec);
    const scroller = app.locator("[data-surface-content]");
    await app.getByText("Item 0.0", { exact: true }).waitFor();
    const drawn = () => app.locator("[data-row]").count();
    assert.ok((await drawn()) < 250, `${await drawn()} rows`);
    await scroller.evaluate((element) => element.scrollTo(0, 20_000));
    await settled();
    for (let steps = 0; steps < 40; steps += 1) {
      const before = await topRow(scroller);
      await scroller.evaluate((element) => element.scrollBy(0, -211));
      await settled();
      const after = await topOf(scroller, before.row);
      if (after === null) continue;
      assert.ok(
        Math.abs(after - before.top - 211) <= 1,
        `step ${steps}: moved by ${after - before.top} of 211`,
      );
    }
    assert.ok((await drawn()) < 400, `${await drawn()} rows`);
    for (let rounds = 0; rounds < 6; rounds += 1) {
      await scroller.evaluate((element) => element.scrollTo(0, element.scrollHeight));
      await settled();
    }
    const last = app.getByText(/^Item 59\.79 /);
    await inView(last, scroller);
    assert.deepEqual(await desktop.accessibilityViolations(), []);
  });
});

describe("children of which most show nothing", () => {
  for (const [type, props] of [
    ["list", { label: "Sparse" }],
    ["container", { label: "Sparse", layout: "horizontal" }],
    ["container", { label: "Sparse", layout: "horizontal", wrap: false }],
  ]) {
    it(`show those that do, however far they are apart, in a ${type} of ${JSON.stringify(props)}`, async () => {
      const app = await open({
        title: "Sparse",
        state: { every: 900, rows: numbered(5_000) },
        components: [
          button("Denser", { tool: "ui.set_state", args: { path: "every", value: 300 } }),
          {
            type,
            id: "sparse",
            props,
            each: { in: "rows", as: "r" },
            children: [
              {
                type: "text",
                id: "n",
                visible: "r.id % every == 0",
                props: { content: "Row {{ r.id }}" },
              },
            ],
          },
        ],
      });
      for (const id of [0, 900, 1800, 2700, 3600, 4500])
        await app.getByText(`Row ${id}`, { exact: true }).waitFor();
      assert.equal(await app.getByText(/^Row /).count(), 6);
      await app.getByRole("button", { name: "Denser" }).click();
      for (const id of [0, 300, 2100, 4800]) await app.getByText(`Row ${id}`, { exact: true }).waitFor();
      assert.equal(await app.getByText(/^Row /).count(), 17);
    });
  }
});

describe("many chips beside one another", () => {
  const COUNT = 10_000;
  const labelOf = (n) => `Chip ${n}${" wide".repeat((n * 7) % 6)}`;
  const chip = { type: "button", id: "chip", props: { text: "{{ c.name }}", size: "small" } };
  const spec = (props = {}) => ({
    title: "Chips",
    state: { chips: Array.from({ length: COUNT }, (_, id) => ({ id, name: labelOf(id) })), told: "" },
    components: [
      button("Add above", {
        tool: "ui.add_item",
        args: { path: "chips", at: "first", value: { name: "Fresh" } },
      }),
      { type: "text", props: { content: "told {{ told }}" } },
      {
        type: "container",
        id: "chips",
        props: { layout: "horizontal", maxHeight: 400, label: "Chips", gap: 10, ...props },
        each: { in: "chips", as: "c" },
        children: [
          {
            ...chip,
            on_event: { click: { tool: "ui.set_state", args: { path: "told", value: "{{ c.id }}" } } },
          },
        ],
      },
    ],
  });
  const parts = (app) => ({
    box: app.locator('[data-node-id="chips"]'),
    named: (n) => app.getByRole("button", { name: labelOf(n), exact: true }),
  });
  const scroll = async (box, to) => {
    await box.evaluate((element, to) => element.scrollTo(0, to ?? element.scrollHeight), to);
    await settled();
  };

  for (const props of [{}, { justify: "center" }]) {
    it(`draws those in view, ${props.justify ?? "start"}, and none of them jumps`, async () => {
      const app = await open(spec(props));
      const { box, named } = parts(app);
      await named(0).waitFor();
      await app.evaluate((element) => {
        element.style.width = "900px";
      });
      await settled();
      assert.deepEqual(await wrongChips(box), []);
      assert.ok((await box.evaluate(chipsIn)).drawn < 300);
      assert.deepEqual(await desktop.accessibilityViolations(), []);

      // Down, far down, and up again through what was never seen.
      for (const [from, by] of [
        [0, 61],
        [40_000, -53],
        [3_000, -47],
        [60_000, -310],
      ]) {
        await scroll(box, from);
        for (let steps = 0; steps < 25; steps += 1) {
          const before = await box.evaluate(chipsIn);
          assert.ok(before.drawn < 300, `${before.drawn} chips`);
          assert.ok(before.isCovered, `a gap at ${before.scrollTop}`);
          await box.evaluate((element, by) => element.scrollBy(0, by), by);
          await settled();
          const after = await box.evaluate(chipsIn);
          const jumped = before.seen
            .map((chip) => ({ ...chip, now: after.all.find(({ row }) => row === chip.row) }))
            .filter(({ top, now }) => now && Math.abs(now.top - top + by) > 1);
          assert.deepEqual(jumped, [], `from ${from}, step ${steps}`);
          assert.ok(after.shortLines === 0, `short lines from ${from}, step ${steps}`);
        }
      }
      await scroll(box, 0);
      assert.deepEqual(await wrongChips(box), []);

      for (let rounds = 0; rounds < 4; rounds += 1) await scroll(box);
      await inView(named(COUNT - 1), box);
      assert.ok((await box.evaluate(chipsIn)).drawn < 300);
      await named(COUNT - 1).click();
      await app.getByText(`told ${COUNT - 1}`, { exact: true }).waitFor();
    });
  }

  it("keeps what is looked at when the window gets narrower and chips come in above", async () => {
    const app = await open(spec());
    const { box, named } = parts(app);
    await named(0).waitFor();
    await scroll(box, 20_000);
    for (const change of [
      () =>
        app.evaluate((element) => {
          element.style.width = "420px";
        }),
      () => app.getByRole("button", { name: "Add above" }).click(),
      () =>
        app.evaluate((element) => {
          element.style.width = "800px";
        }),
    ]) {
      const [first] = (await box.evaluate(chipsIn)).seen;
      await change();
      await settled();
      const now = (await box.evaluate(chipsIn)).all.find(({ row }) => row === first.row);
      assert.ok(Math.abs(now.top - first.top) <= 1, `${change}: moved by ${now.top - first.top}`);
      assert.ok((await box.evaluate(chipsIn)).isCovered);
    }
  });

  it("keeps the keyboard in a chip that is scrolled away, and Tab goes on from it", async () => {
    const app = await open(spec());
    const { box, named } = parts(app);
    await named(2).focus();
    await scroll(box, 20_000);
    await focused(named(2));
    assert.ok((await box.evaluate(chipsIn)).drawn < 300);
    for (let n = 3; n < 120; n += 1) {
      await desktop.page.keyboard.press("Tab");
      await focused(named(n));
    }
    await inView(named(119), box);
    await desktop.page.keyboard.press("Enter");
    await app.getByText("told 119", { exact: true }).waitFor();
    assert.ok((await box.evaluate(chipsIn)).drawn < 300);
  });

  it("that are written down can be given the keyboard wherever they are", async () => {
    const app = await open({
      title: "Tags",
      components: [
        button("To the last", { tool: "ui.focus", args: { id: "tag799" } }),
        {
          type: "container",
          id: "chips",
          props: { layout: "horizontal", label: "Tags" },
          children: Array.from({ length: 800 }, (_, n) => ({
            type: "button",
            id: `tag${n}`,
            props: { text: labelOf(n) },
            on_event: { click: "ui.refresh" },
          })),
        },
      ],
    });
    const { box, named } = parts(app);
    await named(0).waitFor();
    const drawn = () => box.locator(":scope > [data-row]").count();
    assert.ok((await drawn()) < 300, `${await drawn()} chips`);
    await app.getByRole("button", { name: "To the last" }).click();
    await focused(named(799));
    assert.ok((await drawn()) < 300, `${await drawn()} chips`);
  });
});

describe("many children in a single line", () => {
  const COUNT = 10_000;
  const labelOf = (n) => `Step ${n}${"+".repeat((n * 7) % 23)}`;
  const press = (label) => ({
    ...button(label, { tool: "ui.set_state", args: { path: "told", value: label } }),
    id: "step",
  });
  const spec = (props = {}) => ({
    title: "Line",
    state: {
      steps: Array.from({ length: COUNT }, (_, id) => ({ id, name: labelOf(id) })),
      fresh: Array.from({ length: 300 }, (_, n) => ({ id: 20_000 + n, name: `Fresh ${n}` })),
      told: "",
    },
    components: [
      button("Widen 1800", {
        tool: "ui.update_item",
        args: { path: "steps", key: 1800, value: { name: "Wider and wider and wider" } },
      }),
      button("Widen 0", {
        tool: "ui.update_item",
        args: { path: "steps", key: 0, value: { name: "Wide ".repeat(9) } },
      }),
      button("Add before", {
        tool: "ui.add_item",
        args: { path: "steps", at: "first", value: { name: "Fresh" } },
      }),
      button("Take 0", { tool: "ui.remove_item", args: { path: "steps", key: 0 } }),
      button("To 9", { tool: "ui.focus", args: { id: "step@9" } }),
      { type: "text", props: { content: "told {{ told }}" } },
      {
        type: "container",
        id: "line",
        props: { layout: "horizontal", wrap: false, maxHeight: 120, label: "Steps", gap: 10, ...props },
        each: { in: "steps", as: "s" },
        children: [press("{{ s.name }}")],
      },
    ],
  });
  const parts = (app) => ({
    box: app.locator('[data-node-id="line"]'),
    named: (n) => app.getByRole("button", { name: labelOf(n), exact: true }),
    click: (name) => app.getByRole("button", { name, exact: true }).click(),
  });
  const scroll = async (box, to) => {
    await box.evaluate((element, to) => element.scrollTo(to ?? element.scrollWidth, 0), to);
    await settled();
  };
  /** Changes something, and tells by how far what is in view went. */
  const shifted = async (box, change) => {
    const before = await box.evaluate(lineIn);
    assert.ok(before.isCovered, `a gap at ${before.scrollLeft}`);
    await change();
    await settled();
    const after = await box.evaluate(lineIn);
    assert.ok(after.isCovered, `a gap at ${after.scrollLeft}`);
    const shifts = before.seen
      .map(({ row, left }) => (after.all.find((cell) => cell.row === row)?.left ?? Number.NaN) - left)
      .filter((shift) => !Number.isNaN(shift));
    return { first: shifts[0], shifts, after };
  };

  it("draws those in view, shows how long it is, and none of them jumps", async () => {
    const app = await open(spec());
    const { box, named } = parts(app);
    await named(0).waitFor();
    await settled();
    const atFirst = await box.evaluate(lineIn);
    assert.ok(atFirst.drawn < 80, `${atFirst.drawn} steps`);
    assert.ok(atFirst.scrollWidth > COUNT * 60, `${atFirst.scrollWidth} px`);
    assert.deepEqual(await desktop.accessibilityViolations(), []);

    // On, far on, and back again through what was never seen.
    for (const [from, by] of [
      [0, 61],
      [400_000, -53],
      [3_000, -47],
    ]) {
      await scroll(box, from);
      for (let steps = 0; steps < 25; steps += 1) {
        const { shifts, after } = await shifted(box, () =>
          box.evaluate((element, by) => element.scrollBy(by, 0), by),
        );
        const jumped = shifts.filter((shift) => Math.abs(shift + by) > 1);
        if (after.scrollLeft > 0) assert.deepEqual(jumped, [], `from ${from}, step ${steps}`);
        assert.ok(after.drawn < 80, `${after.drawn} steps`);
      }
    }

    for (let rounds = 0; rounds < 3; rounds += 1) await scroll(box);
    await inView(named(COUNT - 1), box);
    assert.ok((await box.evaluate(lineIn)).drawn < 80);
    await named(COUNT - 1).click();
    await app.getByText(`told ${labelOf(COUNT - 1)}`, { exact: true }).waitFor();
    await scroll(box, 0);
    await inView(named(0), box);
  });

  it("keeps what is looked at when a child before it gets wider, comes, or goes", async () => {
    const app = await open(spec());
    const { box, named, click } = parts(app);
    await named(0).waitFor();
    await scroll(box, 330);
    for (const name of ["Widen 0", "Add before", "Add before", "Take 0"]) {
      const { first } = await shifted(box, () => click(name));
      assert.ok(Math.abs(first) <= 1, `${name}: moved by ${first}`);
    }
    await scroll(box, 300_000);
    for (const name of ["Add before", "Widen 0"]) {
      const { first } = await shifted(box, () => click(name));
      assert.ok(Math.abs(first) <= 1, `${name}, far on: moved by ${first}`);
    }
  });

  it("goes by keyboard from one to the next, to the last and to the first", async () => {
    const app = await open(spec());
    const { box, named } = parts(app);
    const key = (name) => desktop.page.keyboard.press(name);
    await named(2).focus();
    await scroll(box, 200_000);
    await focused(named(2));
    assert.ok((await box.evaluate(lineIn)).drawn < 80);
    for (let n = 3; n < 60; n += 1) {
      await key("Tab");
      await focused(named(n));
    }
    await inView(named(59), box);
    await key("Shift+Tab");
    await focused(named(58));
    await key("Enter");
    await app.getByText(`told ${labelOf(58)}`, { exact: true }).waitFor();
    assert.ok((await box.evaluate(lineIn)).drawn < 80);

    await box.focus();
    await key("End");
    await inView(named(COUNT - 1), box);
    await key("Home");
    await inView(named(0), box);
    await key("Tab");
    await focused(named(0));
  });

  it("that are written down scroll with the page, stand as they would if all were drawn, and can be given the keyboard", async () => {
    const app = await open({
      title: "Tags",
      components: [
        button("To the last", { tool: "ui.focus", args: { id: "tag199" } }),
        {
          type: "container",
          id: "line",
          props: { layout: "horizontal", wrap: false, align: "stretch" },
          children: Array.from({ length: 200 }, (_, n) => ({
            type: "card",
            id: `card${n}`,
            props: { title: `Some words of ${n}`, subtitle: "more ".repeat(n % 7) },
            style: n % 5 === 0 ? { flex: "1" } : n % 5 === 1 ? { width: "220px", flexShrink: "0" } : {},
            children: [
              {
                type: "button",
                id: `tag${n}`,
                props: { text: `Tag ${n}` },
                on_event: { click: "ui.refresh" },
              },
            ],
          })),
        },
      ],
    });
    const box = app.locator('[data-node-id="line"]');
    const named = (n) => app.getByRole("button", { name: `Tag ${n}`, exact: true });
    await named(0).waitFor();
    await settled();
    assert.deepEqual(await wrongCells(box), []);
    const drawn = () => box.locator(":scope > [data-row]").count();
    assert.ok((await drawn()) < 60, `${await drawn()} cards`);
    const scroller = app.locator("[data-surface-content]");
    const extent = () => scroller.evaluate((element) => element.scrollWidth);
    const whole = await extent();
    assert.ok(whole > 200 * 60, `${whole} px`);
    await app.getByRole("button", { name: "To the last" }).click();
    await focused(named(199));
    assert.ok(Math.abs((await extent()) - whole) < whole / 10, `${await extent()} of ${whole} px`);
    await inView(named(199), scroller);
    assert.ok((await drawn()) < 60, `${await drawn()} cards`);
    await scroller.evaluate((element) => element.scrollTo(5_000, 0));
    await settled();
    assert.deepEqual(await wrongCells(box), []);
  });

  it("stand in the rows of a list, each scrolled by itself", async () => {
    const app = await open({
      title: "Shelves",
      state: {
        shelves: Array.from({ length: 80 }, (_, shelf) => ({
          id: shelf,
          books: Array.from({ length: 90 }, (_, n) => ({
            id: n,
            name: `Book ${shelf}.${n} ${"x".repeat((shelf + n) % 9)}`,
          })),
        })),
      },
      components: [
        {
          type: "list",
          id: "shelves",
          props: { label: "Shelves" },
          each: { in: "shelves", as: "s" },
          children: [
            {
              type: "container",
              id: "shelf",
              props: { layout: "horizontal", wrap: false, maxHeight: 90, label: "Shelf {{ s.id }}" },
              each: { in: "s.books", as: "b" },
              children: [
                {
                  type: "button",
                  id: "book",
                  props: { text: "{{ b.name }}" },
                  on_event: { click: "ui.refresh" },
                },
              ],
            },
          ],
        },
      ],
    });
    const page = app.locator("[data-surface-content]");
    const shelf = (n) => app.locator(`[data-node-id="shelf@${n}"]`);
    const book = (name) => app.getByRole("button", { name: new RegExp(`^Book ${name}( |$)`) });
    await book("0\\.0").waitFor();
    const drawn = () => app.locator('[data-node-id^="book@"]').count();
    assert.ok((await drawn()) < 1_200, `${await drawn()} books`);
    for (let rounds = 0; rounds < 2; rounds += 1) await scroll(shelf(2));
    await inView(book("2\\.89"), shelf(2));
    assert.equal(await shelf(1).evaluate((element) => element.scrollLeft), 0);
    await page.evaluate((element) => element.scrollTo(0, 3_000));
    await settled();
    for (let steps = 0; steps < 10; steps += 1) {
      const before = await topRow(page);
      await page.evaluate((element) => element.scrollBy(0, -91));
      await settled();
      const after = await topOf(page, before.row);
      if (after !== null) assert.ok(Math.abs(after - before.top - 91) <= 1, `step ${steps}`);
    }
    for (let rounds = 0; rounds < 4; rounds += 1) {
      await page.evaluate((element) => element.scrollTo(0, element.scrollHeight));
      await settled();
    }
    await scroll(shelf(79), 2_000);
    for (let steps = 0; steps < 10; steps += 1) {
      const { shifts } = await shifted(shelf(79), () =>
        shelf(79).evaluate((element) => element.scrollBy(-61, 0)),
      );
      assert.deepEqual(
        shifts.filter((shift) => Math.abs(shift - 61) > 1),
        [],
        `step ${steps}`,
      );
    }
    assert.ok((await drawn()) < 1_200, `${await drawn()} books`);
    assert.deepEqual(await desktop.accessibilityViolations(), []);
  });

  it("are found by ui.focus in a line that is scrolled away itself", async () => {
    const tag = (n) => ({
      type: "button",
      id: `tag${n}`,
      props: { text: `Tag ${n}` },
      on_event: { click: "ui.refresh" },
    });
    const app = await open({
      title: "Tags",
      components: [
        button("To the last", { tool: "ui.focus", args: { id: "tag139" } }),
        ...Array.from({ length: 70 }, (_, n) => ({
          type: "container",
          id: `line${n}`,
          props: { layout: "horizontal", wrap: false },
          style: { overflowX: "auto" },
          children: n < 69 ? [tag(n)] : Array.from({ length: 71 }, (_, at) => tag(69 + at)),
        })),
      ],
    });
    await app.getByRole("button", { name: "Tag 0", exact: true }).waitFor();
    assert.equal(await app.locator('[data-node-id="line69"]').count(), 0);
    await app.getByRole("button", { name: "To the last" }).click();
    await focused(app.getByRole("button", { name: "Tag 139", exact: true }));
    await inView(
      app.getByRole("button", { name: "Tag 139", exact: true }),
      app.locator("[data-surface-content]"),
    );
  });

  it("may be long lists themselves, which the page scrolls and keeps steady", async () => {
    const app = await open({
      title: "Board",
      state: {
        columns: Array.from({ length: 60 }, (_, id) => ({ id })),
        tasks: Array.from({ length: 300 }, (_, id) => ({ id, w: (id * 7) % 12 })),
      },
      components: [
        {
          type: "container",
          id: "board",
          props: { layout: "horizontal", wrap: false, align: "start" },
          style: { overflowX: "auto" },
          each: { in: "columns", as: "c" },
          children: [
            {
              type: "list",
              id: "tasks",
              props: { label: "Column {{ c.id }}" },
              style: { width: "200px", flexShrink: "0" },
              each: { in: "tasks", as: "t" },
              children: [
                {
                  type: "checkbox",
                  id: "task",
                  props: { label: "Task {{ t.id }} {{ 'more ' * t.w }}", checked: false },
                },
              ],
            },
          ],
        },
      ],
    });
    const page = app.locator("[data-surface-content]");
    const board = app.locator('[data-node-id="board"]');
    await app.getByText("Task 0", { exact: true }).first().waitFor();
    const drawn = () => app.locator('[data-node-id^="task@"]').count();
    const most = 1_000;
    assert.ok((await drawn()) < most, `${await drawn()} tasks`);
    await page.evaluate((element) => element.scrollTo(0, 6_000));
    await settled();
    for (let steps = 0; steps < 20; steps += 1) {
      const before = await topRow(page);
      await page.evaluate((element) => element.scrollBy(0, -97));
      await settled();
      const moved = (await topOf(page, before.row)) - before.top;
      assert.ok(Math.abs(moved - 97) <= 1, `step ${steps}: moved by ${moved} of 97`);
    }
    await scroll(board, 6_000);
    assert.ok((await board.evaluate(lineIn)).isCovered);
    await scroll(board);
    await app.getByRole("list", { name: "Column 59" }).waitFor();
    assert.ok((await drawn()) < most, `${await drawn()} tasks`);
  });
});

describe("a list in a frame of its own height", () => {
  for (const count of [30, 300]) {
    it(`of ${count} rows scrolls to its last by wheel and by keyboard`, async () => {
      const app = await open({
        title: "Framed",
        state: { rows: numbered(count) },
        components: [
          {
            type: "container",
            id: "frame",
            props: { maxHeight: 240, label: "Frame" },
            children: ["bordered", "striped"].map((variant) => ({
              type: "list",
              id: variant,
              props: { variant, label: variant },
              each: { in: "rows", as: "r" },
              children: [{ type: "text", id: `${variant}_n`, props: { content: `${variant} {{ r.id }}` } }],
            })),
          },
        ],
      });
      const frame = app.locator('[data-node-id="frame"]');
      const row = (name) => app.getByText(name, { exact: true });
      await row("bordered 0").waitFor();
      await frame.hover();
      for (let turns = 0; turns < 200 && !(await row(`bordered ${count - 1}`).count()); turns += 1) {
        await desktop.page.mouse.wheel(0, 200);
        await nextFrame();
      }
      await row(`bordered ${count - 1}`).waitFor();
      await frame.focus();
      await desktop.page.keyboard.press("End");
      const last = row(`striped ${count - 1}`);
      await last.waitFor();
      await desktop.page.waitForFunction(
        ([row, frame]) => row.getBoundingClientRect().bottom <= frame.getBoundingClientRect().bottom,
        [await last.elementHandle(), await frame.elementHandle()],
      );
      assert.deepEqual(await desktop.accessibilityViolations(), []);
    });
  }
});

describe("many children that are written down", () => {
  it("stand in a grid of which the lines in view are drawn", async () => {
    const app = await open({
      title: "Cards",
      components: [
        {
          type: "grid",
          id: "cards",
          props: { columns: 4, gap: 10, label: "Cards" },
          children: Array.from({ length: 1000 }, (_, n) => ({
            type: "card",
            id: `card${n}`,
            props: { title: `Card ${n}`, subtitle: "word ".repeat(n % 13) },
          })),
        },
      ],
    });
    const grid = app.getByRole("list", { name: "Cards" });
    const scroller = app.locator("[data-surface-content]");
    await app.getByText("Card 0", { exact: true }).waitFor();
    const shape = () =>
      grid.evaluate((element) => ({
        drawn: element.children.length,
        columns: getComputedStyle(element).gridTemplateColumns.split(" ").length,
      }));
    const wide = await shape();
    assert.ok(wide.drawn < 120, `${wide.drawn} cards`);
    for (const y of [3_000, 9_000, 5_211, 4_900, 4_630]) {
      await scroller.evaluate((element, y) => element.scrollTo(0, y), y);
      await settled();
      const wrong = await grid.evaluate((element) => {
        const columns = getComputedStyle(element).gridTemplateColumns.split(" ").length;
        const left = element.getBoundingClientRect().left;
        const step = (element.getBoundingClientRect().width + 10) / columns;
        return [...element.children].filter((cell) => {
          const column = Math.round((cell.getBoundingClientRect().left - left) / step);
          return column !== (Number(cell.getAttribute("aria-posinset")) - 1) % columns;
        }).length;
      });
      assert.equal(wrong, 0, `cells in a wrong column at ${y}`);
      assert.ok((await scroller.evaluate(coverage)).isCovered, `a gap at ${y}`);
    }
    // Fewer columns fit into a narrower window; what was in view still is.
    const before = await topRow(scroller);
    await app.evaluate((element) => {
      element.style.width = "340px";
    });
    await settled();
    const narrow = await shape();
    assert.ok(narrow.columns < wide.columns, `${narrow.columns} columns`);
    const place = Math.abs((await topOf(scroller, before.row)) - before.top);
    assert.ok(place <= 1, `moved by ${place}`);
    for (let rounds = 0; rounds < 4; rounds += 1) {
      await scroller.evaluate((element) => element.scrollTo(0, element.scrollHeight));
      await settled();
    }
    await app.getByText("Card 999", { exact: true }).waitFor();
    assert.deepEqual(await desktop.accessibilityViolations(), []);
  });

  it("stand at the root, where a field that is scrolled away can be given the keyboard", async () => {
    const app = await open({
      title: "Questions",
      state: {},
      components: [
        button("To the last", { tool: "ui.focus", args: { id: "field99" } }),
        ...Array.from({ length: 100 }, (_, n) => ({
          type: "input",
          id: `field${n}`,
          props: { label: `Field ${n}` },
        })),
      ],
    });
    await app.getByLabel("Field 0", { exact: true }).waitFor();
    assert.equal(await app.getByLabel("Field 99", { exact: true }).count(), 0);
    await app.getByLabel("Field 0", { exact: true }).fill("kept");
    await app.getByRole("button", { name: "To the last" }).click();
    await focused(app.getByLabel("Field 99", { exact: true }));
    const scroller = app.locator("[data-surface-content]");
    await inView(app.getByLabel("Field 99", { exact: true }), scroller);
    await scroller.evaluate((element) => element.scrollTo(0, 0));
    await settled();
    assert.equal(await app.getByLabel("Field 0", { exact: true }).inputValue(), "kept");
    assert.deepEqual(await desktop.accessibilityViolations(), []);
  });

  it("are drawn as ever below 50, and one more takes the keyboard from nobody", async () => {
    const app = await open({
      title: "Few",
      state: { rows: numbered(49) },
      components: [
        {
          type: "list",
          id: "few",
          props: { label: "Few" },
          each: { in: "rows", as: "r" },
          children: [
            {
              type: "input",
              id: "n",
              props: { label: "Number {{ r.id }}", value: { $bind: "r.n" } },
              on_event: { submit: { tool: "ui.add_item", args: { path: "rows", value: { n: 1 } } } },
            },
          ],
        },
      ],
    });
    const group = app.getByRole("group", { name: "Few" });
    await group.waitFor();
    assert.equal(await app.locator("[data-row]").count(), 0);
    const field = app.getByLabel("Number 3", { exact: true });
    await field.focus();
    await field.press("End");
    await field.press("Enter");
    await app.getByRole("list", { name: "Few" }).waitFor();
    await focused(app.getByLabel("Number 3", { exact: true }));
    await desktop.page.keyboard.type("5");
    await desktop.page.waitForFunction((field) => field.value.endsWith("5"), await field.elementHandle());
  });

  for (const reducedMotion of ["no-preference", "reduce"]) {
    it(`stay where they are scrolled to when one more comes, motion: ${reducedMotion}`, async () => {
      await desktop.page.emulateMedia({ reducedMotion });
      const boxes = {
        down: {},
        wrapping: { layout: "horizontal" },
        sideways: { layout: "horizontal", wrap: false },
      };
      const app = await open({
        title: "Few",
        state: { rows: numbered(49) },
        components: [
          button("Add", { tool: "ui.add_item", args: { path: "rows", value: { n: 1 } } }),
          ...Object.entries(boxes).map(([id, props]) => ({
            type: "container",
            id,
            props: { maxHeight: 120, label: id, ...props },
            each: { in: "rows", as: "r" },
            children: [
              {
                type: "card",
                id: `${id}_card`,
                style: { width: "220px", flexShrink: "0" },
                props: { title: `${id} {{ r.id }}` },
              },
            ],
          })),
        ],
      });
      const places = () =>
        app.evaluate((root, ids) => {
          const placeOf = (id) => {
            const box = root.querySelector(`[data-node-id="${id}"]`);
            const card = box.querySelector(`[data-node-id="${id}_card@40"]`);
            const [outer, inner] = [box.getBoundingClientRect(), card.getBoundingClientRect()];
            return [Math.round(inner.left - outer.left), Math.round(inner.top - outer.top)];
          };
          return ids.map((id) => [id, ...placeOf(id)]);
        }, Object.keys(boxes));
      for (const id of Object.keys(boxes)) {
        const box = app.locator(`[data-node-id="${id}"]`);
        await box.locator(`[data-node-id="${id}_card@40"]`).scrollIntoViewIfNeeded();
      }
      const before = await places();
      await app.getByRole("button", { name: "Add" }).dispatchEvent("click");
      await app.locator('[data-node-id="sideways"] > [data-row]').first().waitFor({ state: "attached" });
      await settled();
      assert.deepEqual(await places(), before);
    });
  }
});

describe("a word that is longer than the window is wide", () => {
  it("breaks, whatever shows it", async () => {
    const word = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen";
    const panel = {
      type: "container",
      props: { label: word },
      children: [{ type: "text", props: { content: "x" } }],
    };
    const shows = {
      text: { content: word },
      button: { text: word },
      badge: { text: word },
      link: { text: word, href: "https://example.com" },
      alert: { title: word, message: word },
      stat: { label: word, value: word },
      input: { label: word, error: word },
      checkbox: { label: word },
      switch: { label: word },
      radio: { label: word, options: [word, "b"] },
      slider: { label: word },
      progress: { label: word, value: 40, showValue: true },
      divider: { label: word },
      card: { title: word, subtitle: word, footer: word },
      image: { src: "data:image/png;base64,x", alt: word },
      hologram: {},
    };
    const components = Object.entries(shows).map(([type, props], n) => ({ type, id: `${type}${n}`, props }));
    const app = await open({
      title: "Words",
      components: [
        ...components,
        { type: "tabs", props: { label: "Tabs" }, children: [panel] },
        { type: "accordion", children: [panel] },
      ],
    });
    await app.evaluate((element) => {
      element.style.width = "320px";
    });
    await settled();
    const wide = await app.locator("[data-surface-content]").evaluate((content) => {
      const right = content.getBoundingClientRect().right;
      const scrolls = "[role=tablist], [role=tablist] *, .sr-only";
      return [...content.querySelectorAll("*")]
        .filter((element) => element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0)
        .concat(
          [...content.querySelectorAll("*")].filter(
            (element) => element.getBoundingClientRect().right > right,
          ),
        )
        .filter(
          (element) => !element.matches(scrolls) && getComputedStyle(element).textOverflow !== "ellipsis",
        )
        .map((element) => element.outerHTML.slice(0, 120));
    });
    assert.deepEqual(wide, []);
  });
});

describe("tabs", () => {
  const spec = {
    title: "Views",
    state: { note: "" },
    components: [
      {
        type: "tabs",
        id: "views",
        props: { label: "Views" },
        children: ["one", "two", "three"].map((name, n) => ({
          type: "container",
          id: name,
          props: { label: `Tab ${name}` },
          children: [
            { type: "input", id: `in_${name}`, props: { label: `Field ${name}` } },
            button(`Next after ${name}`, {
              tool: "tabs.switch",
              args: { tab_id: ["two", "three", "one"][n] },
            }),
          ],
        })),
      },
      button("Show three", { tool: "tabs.switch", args: { tab_id: "three" } }),
    ],
  };

  it("are one stop of the keyboard, and arrows go from tab to tab", async () => {
    const app = await open(spec);
    const tab = (name) => app.getByRole("tab", { name: `Tab ${name}` });
    const press = (key) => desktop.page.keyboard.press(key);
    await tab("one").focus();
    for (const [key, name] of [
      ["ArrowRight", "two"],
      ["ArrowRight", "three"],
      ["ArrowRight", "one"],
      ["ArrowLeft", "three"],
      ["Home", "one"],
      ["End", "three"],
    ]) {
      await press(key);
      await focused(tab(name));
      await app.getByRole("tabpanel", { name: `Tab ${name}` }).waitFor();
      assert.equal(await tab(name).getAttribute("aria-selected"), "true");
    }
    assert.equal(await app.locator('[role="tab"][tabindex="0"]').count(), 1);
    await press("Tab");
    await focused(app.getByRole("tabpanel", { name: "Tab three" }));
    await press("Tab");
    await focused(app.getByLabel("Field three"));
    await press("Shift+Tab");
    await press("Shift+Tab");
    await focused(tab("three"));
    assert.deepEqual(await desktop.accessibilityViolations(), []);
  });

  it("take the keyboard from nobody when an action switches them, and lose it to nobody", async () => {
    const app = await open(spec);
    const show = app.getByRole("button", { name: "Show three" });
    await show.focus();
    await desktop.page.keyboard.press("Enter");
    await app.getByLabel("Field three").waitFor();
    await focused(show);
    // The button that was pressed goes with its panel, and the keyboard into the one that came.
    await app.getByRole("button", { name: "Next after three" }).focus();
    await desktop.page.keyboard.press("Enter");
    await focused(app.getByRole("tabpanel", { name: "Tab one" }));
    await desktop.page.keyboard.press("Tab");
    await focused(app.getByLabel("Field one"));
  });
});

describe("a modal", () => {
  const spec = {
    title: "Dialogs",
    state: { outer: false, inner: false, bare: false, size: "m", closed: 0 },
    components: [
      button("Open", { tool: "modal.open", args: { modal_id: "outer" } }),
      button("Open bare", { tool: "modal.open", args: { modal_id: "bare" } }),
      { type: "input", id: "behind", props: { label: "Behind" } },
      { type: "text", props: { content: "closed {{ closed }} times" } },
      {
        type: "modal",
        id: "outer",
        props: { title: "Outer", open: { $bind: "outer" } },
        on_event: { close: { tool: "ui.increment", args: { path: "closed" } } },
        children: [
          { type: "button", props: { text: "Never", disabled: true }, on_event: { click: "ui.refresh" } },
          { type: "input", id: "name", props: { label: "Name" } },
          button("Open inner", { tool: "modal.open", args: { modal_id: "inner" } }),
          {
            type: "radio",
            id: "size",
            props: { label: "Size", options: ["s", "m", "l"], value: { $bind: "size" } },
          },
          {
            type: "modal",
            id: "inner",
            props: { title: "Inner", open: { $bind: "inner" } },
            children: [
              button("Close both", [
                { tool: "modal.close", args: { modal_id: "inner" } },
                { tool: "modal.close", args: { modal_id: "outer" } },
              ]),
            ],
          },
        ],
      },
      {
        type: "modal",
        id: "bare",
        props: { title: "Bare", open: { $bind: "bare" } },
        children: [{ type: "text", props: { content: "Nothing to press" } }],
      },
    ],
  };
  const inside = (dialog) => dialog.evaluate((element) => element.contains(document.activeElement));
  const press = (key) => desktop.page.keyboard.press(key);

  it("takes the keyboard, keeps it, and gives it back", async () => {
    const app = await open(spec);
    const opener = app.getByRole("button", { name: "Open", exact: true });
    await opener.focus();
    await press("Enter");
    const dialog = app.getByRole("dialog", { name: "Outer" });
    await focused(dialog.getByLabel("Name"));
    assert.equal(await app.locator("[data-surface-content]").getAttribute("inert"), "");
    assert.deepEqual(await desktop.accessibilityViolations(), []);
    for (let n = 0; n < 9; n += 1) {
      await press(n < 5 ? "Tab" : "Shift+Tab");
      assert.ok(await inside(dialog), `after ${n + 1} presses of Tab`);
    }
    await dialog.evaluate((element) => element.focus());
    await press("Shift+Tab");
    assert.ok(await inside(dialog), "from the dialog itself backwards");
    await press("Escape");
    await dialog.waitFor({ state: "detached" });
    await focused(opener);
    await app.getByText("closed 1 times").waitFor();
    assert.equal(await app.locator("[data-surface-content]").getAttribute("inert"), null);
  });

  it("opens above another, and each gives the keyboard back to where it came from", async () => {
    const app = await open(spec);
    const opener = app.getByRole("button", { name: "Open", exact: true });
    await opener.click();
    const outer = app.getByRole("dialog", { name: "Outer" });
    await outer.getByRole("button", { name: "Open inner" }).click();
    const inner = app.getByRole("dialog", { name: "Inner" });
    await focused(inner.getByRole("button", { name: "Close both" }));
    assert.deepEqual(await desktop.accessibilityViolations(), []);
    for (let n = 0; n < 5; n += 1) {
      await press("Tab");
      assert.ok(await inside(inner), `after ${n + 1} presses of Tab`);
    }
    await press("Escape");
    await inner.waitFor({ state: "detached" });
    await focused(outer.getByRole("button", { name: "Open inner" }));
    assert.equal(await app.locator("[data-surface-content]").getAttribute("inert"), "", "one is still open");
    await press("Enter");
    await inner.getByRole("button", { name: "Close both" }).click();
    await outer.waitFor({ state: "detached" });
    await focused(opener);
    assert.equal(await app.locator("[data-surface-content]").getAttribute("inert"), null);
  });

  it("of which nothing can be pressed holds the keyboard itself, and no other window", async () => {
    const other = await server.request("POST", "/apps", {
      ui_spec: { type: "app", title: "Other", components: [button("Elsewhere", "ui.refresh")] },
    });
    const app = await open(spec);
    await app.getByRole("button", { name: "Open bare" }).focus();
    await press("Enter");
    const dialog = app.getByRole("dialog", { name: "Bare" });
    await dialog.waitFor();
    assert.ok(await inside(dialog));
    await press("Tab");
    assert.ok(await inside(dialog));
    const elsewhere = desktop.windowOf(other.body.app_id).getByRole("button", { name: "Elsewhere" });
    await elsewhere.evaluate((element) => element.focus());
    await focused(elsewhere);
    await press("Enter");
    assert.ok(await dialog.isVisible());
  });
});

describe("an accordion", () => {
  it("opens and closes by keyboard, and arrows go from head to head", async () => {
    const app = await open({
      title: "Questions",
      components: [
        {
          type: "accordion",
          id: "faq",
          children: ["Shipping", "Returns", "Payment"].map((label) => ({
            type: "container",
            id: label.toLowerCase(),
            props: { label },
            children: [{ type: "input", props: { label: `About ${label}` } }],
          })),
        },
      ],
    });
    const head = (name) => app.getByRole("button", { name, exact: true });
    const press = (key) => desktop.page.keyboard.press(key);
    await head("Shipping").focus();
    for (const [key, name] of [
      ["ArrowDown", "Returns"],
      ["End", "Payment"],
      ["ArrowDown", "Shipping"],
      ["ArrowUp", "Payment"],
      ["Home", "Shipping"],
    ]) {
      await press(key);
      await focused(head(name));
    }
    assert.equal(await head("Shipping").getAttribute("aria-expanded"), "false");
    await press("Enter");
    const field = app.getByLabel("About Shipping");
    await field.waitFor();
    assert.equal(await head("Shipping").getAttribute("aria-expanded"), "true");
    const controls = await head("Shipping").getAttribute("aria-controls");
    assert.ok(await app.locator(`[id="${controls}"]`).isVisible());
    assert.deepEqual(await desktop.accessibilityViolations(), []);
    await press("Tab");
    await focused(field);
    await press("Shift+Tab");
    await press("Space");
    await field.waitFor({ state: "detached" });
    assert.equal(await head("Shipping").getAttribute("aria-expanded"), "false");
    await focused(head("Shipping"));
  });
});

describe("fields by keyboard alone", () => {
  it("choose, pick a date, and slide", async () => {
    const app = await open({
      title: "Fields",
      state: { colour: "red", day: "2026-03-14", level: 40 },
      components: [
        {
          type: "select",
          id: "colour",
          props: { label: "Colour", options: ["red", "green", "blue"], value: { $bind: "colour" } },
        },
        { type: "date", id: "day", props: { label: "Day", value: { $bind: "day" } } },
        {
          type: "slider",
          id: "level",
          props: { label: "Level", min: 0, max: 100, step: 5, value: { $bind: "level" } },
        },
        { type: "text", props: { content: "{{ colour }} on {{ day }} at {{ level }}" } },
      ],
    });
    const says = (text) => app.getByText(text, { exact: true }).waitFor();
    const press = (key) => desktop.page.keyboard.press(key);
    await app.getByLabel("Colour").focus();
    await press("ArrowDown");
    await says("green on 2026-03-14 at 40");
    await press("b");
    await says("blue on 2026-03-14 at 40");
    await press("Tab");
    await focused(app.getByLabel("Day"));
    await press("ArrowUp");
    await says("blue on 2026-04-14 at 40");
    await app.getByLabel("Level").focus();
    for (const [key, level] of [
      ["ArrowRight", 45],
      ["ArrowDown", 40],
      ["End", 100],
      ["Home", 0],
    ]) {
      await press(key);
      await says(`blue on 2026-04-14 at ${level}`);
    }
    assert.deepEqual(await desktop.accessibilityViolations(), []);
  });
});

function nameOf(n) {
  return `Task ${n}${" and more of it".repeat((n * 7) % 11)}`;
}

function button(text, action) {
  return { type: "button", props: { text }, on_event: { click: action } };
}

/** Whether rows lie wherever a scroller is looked at. Runs in the page. */
function coverage(scroller) {
  const view = scroller.getBoundingClientRect();
  const rects = [...scroller.querySelectorAll("[data-row]")].map((row) => row.getBoundingClientRect());
  let isCovered = true;
  for (let y = view.top + 16; y < view.bottom - 16; y += 8) {
    if (!rects.some((rect) => rect.top - 15 <= y && y <= rect.bottom + 15)) isCovered = false;
  }
  return { rows: rects.length, isCovered, scrollTop: scroller.scrollTop };
}

/** The chips of a box that scrolls, and whether there is one wherever it is looked at. Runs in the page. */
function chipsIn(box) {
  const view = box.getBoundingClientRect();
  const all = [...box.querySelectorAll(":scope > [data-row]")].map((chip) => {
    const { top, bottom, width } = chip.getBoundingClientRect();
    return { row: chip.dataset.row, top: top - view.top, bottom: bottom - view.top, width };
  });
  const seen = all.filter(({ top, bottom }) => top >= 0 && bottom <= view.height);
  let isCovered = true;
  for (let y = 12; y < view.height - 12; y += 6)
    if (!all.some(({ top, bottom }) => top - 11 <= y && y <= bottom + 11)) isCovered = false;
  // A line is full when the widest chip would find no place in it.
  const widest = Math.max(...all.map(({ width }) => width));
  const taken = new Map();
  for (const { top, width } of seen) taken.set(top, (taken.get(top) ?? -10) + 10 + width);
  const shortLines = [...taken.values()].filter((taken) => taken + 10 + widest < view.width - 1).length;
  return { all, seen, drawn: all.length, isCovered, shortLines, scrollTop: box.scrollTop };
}

/** Chips that do not stand where they would if all were drawn. */
function wrongChips(box) {
  return box.evaluate((box) => {
    const drawn = [...box.querySelectorAll(":scope > [data-row]")].slice(0, 60);
    const copy = box.cloneNode();
    copy.style.visibility = "hidden";
    copy.append(...drawn.map((chip) => chip.cloneNode(true)));
    box.after(copy);
    const [left, top] = [copy.getBoundingClientRect(), box.getBoundingClientRect()];
    const wrong = drawn.slice(0, 40).filter((chip, n) => {
      const [is, should] = [chip.getBoundingClientRect(), copy.children[n].getBoundingClientRect()];
      const across = Math.abs(is.left - top.left - (should.left - left.left));
      return across > 1 || Math.abs(is.top - top.top - (should.top - left.top)) > 1;
    });
    copy.remove();
    return wrong.map((chip) => chip.textContent);
  });
}

/** The children of a box in a single line, and whether there is one wherever it is looked at. Runs in the page. */
function lineIn(box) {
  const view = box.getBoundingClientRect();
  const all = [...box.querySelectorAll(":scope > [data-row]")].map((cell) => {
    const { left, right } = cell.getBoundingClientRect();
    return { row: cell.dataset.row, left: left - view.left, right: right - view.left };
  });
  const seen = all.filter(({ left, right }) => left >= 0 && right <= view.width);
  let isCovered = true;
  for (let x = 12; x < view.width - 12; x += 6)
    if (!all.some(({ left, right }) => left - 11 <= x && x <= right + 11)) isCovered = false;
  return {
    all,
    seen,
    drawn: all.length,
    isCovered,
    scrollLeft: box.scrollLeft,
    scrollWidth: box.scrollWidth,
  };
}

/** Children of a single line that are not as wide, or as far from the one before, as if all were drawn. */
function wrongCells(box) {
  return box.evaluate((box) => {
    const drawn = [...box.querySelectorAll(":scope > [data-row]")];
    const copy = box.cloneNode();
    copy.style.visibility = "hidden";
    // So many that they have to shrink as those do that are left out here.
    for (let times = 0; times < 4; times += 1) copy.append(...drawn.map((cell) => cell.cloneNode(true)));
    box.after(copy);
    const rect = (cell) => cell.getBoundingClientRect();
    const wrong = drawn.filter((cell, n) => {
      const should = copy.children[n];
      if (Math.abs(rect(cell).width - rect(should).width) > 0.1) return true;
      if (n === 0 || cell.previousElementSibling !== drawn[n - 1]) return false;
      const gap = rect(cell).left - rect(drawn[n - 1]).right;
      return Math.abs(gap - (rect(should).left - rect(copy.children[n - 1]).right)) > 0.1;
    });
    copy.remove();
    return wrong.map((cell) => cell.dataset.row);
  });
}

function nextFrame() {
  return desktop.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0))));
}

/** A scroll, what it brings in, and what its measures move are each done within a frame. */
async function settled() {
  for (let frames = 0; frames < 3; frames += 1) await nextFrame();
}

/** The first row whose top can be seen. */
function topRow(scroller) {
  return scroller.evaluate((element) => {
    const top = element.getBoundingClientRect().top;
    const rows = [...element.querySelectorAll("[data-row]")].filter(
      (row) => !row.querySelector("[data-row]"),
    );
    const seen = rows.map((row) => ({ row: row.dataset.row, top: row.getBoundingClientRect().top - top }));
    return seen.filter((row) => row.top >= 0).sort((a, b) => a.top - b.top)[0];
  });
}

function topOf(scroller, row) {
  return scroller.evaluate((element, row) => {
    const found = element.querySelector(`[data-row="${CSS.escape(row)}"]`);
    return found && found.getBoundingClientRect().top - element.getBoundingClientRect().top;
  }, row);
}

/** Waits until the element holds the keyboard. */
async function focused(locator) {
  const element = await locator.elementHandle();
  await desktop.page.waitForFunction((wanted) => document.activeElement === wanted, element);
}

/** Waits until the whole element is in view, which a scroll and what it brings in may take some frames for. */
async function inView(locator, scroller) {
  const [element, frame] = [await locator.elementHandle(), await scroller.elementHandle()];
  await desktop.page.waitForFunction(
    ([element, frame]) => {
      const [inner, outer] = [element.getBoundingClientRect(), frame.getBoundingClientRect()];
      const isBeside = inner.left >= outer.left - 1 && inner.right <= outer.right + 1;
      return isBeside && inner.top >= outer.top - 1 && inner.bottom <= outer.bottom + 1;
    },
    [element, frame],
  );
}
