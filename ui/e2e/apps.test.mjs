/** Each app AgentOS builds by itself is made from a sentence, used, saved, and comes back after a crash with its data. */
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { AgentOS } from "./agentos.mjs";
import { Desktop, hasValue } from "./desktop.mjs";

const press = (app, ...names) =>
  names.reduce((done, name) => done.then(() => button(app, name).click()), Promise.resolve());
const button = (app, name) =>
  app.locator("[data-surface-content]").getByRole("button", { name, exact: true });
const field = (app, label) => app.getByLabel(label, { exact: true });
const shows = (app, text) => app.getByText(text, { exact: true }).first().waitFor();

const kinds = [
  {
    sentence: "create a calculator",
    async use(app) {
      await press(app, "8", "Divide", "0", "Equals");
      await hasValue(field(app, "Display"), "Error");
      await press(app, "Clear", "Decimal point", "1", "Add", "Decimal point", "2", "Equals");
      await hasValue(field(app, "Display"), "0.3");
      await press(app, "Add to the memory", "Clear", "5", "0", "Percent");
      await hasValue(field(app, "Display"), "0.5");
      await press(app, "Change the sign");
      await hasValue(field(app, "Display"), "-0.5");
      await press(app, "Recall the memory");
      await hasValue(field(app, "Display"), "0.3");
      await press(app, "Clear", "7", "Multiply", "6", "Equals");
    },
    async holds(app) {
      await hasValue(field(app, "Display"), "42");
    },
  },
  {
    sentence: "make a counter",
    async use(app) {
      await press(app, "Add 1", "Add 1", "Add 1", "Subtract 1");
    },
    async holds(app) {
      await shows(app, "2");
    },
  },
  {
    sentence: "make a todo list",
    async use(app) {
      for (const task of ["Buy milk", "Water plants", "Call Ada"]) {
        await field(app, "New task").fill(task);
        await field(app, "New task").press("Enter");
      }
      await app.getByRole("checkbox", { name: "Buy milk" }).check();
      await press(app, "Delete Call Ada");
    },
    async holds(app) {
      await shows(app, "1 task left");
      assert.equal(await app.getByRole("checkbox", { name: "Buy milk" }).isChecked(), true);
      assert.equal(await app.getByRole("checkbox", { name: "Water plants" }).isChecked(), false);
      assert.equal(await app.getByText("Call Ada").count(), 0);
      await app.getByRole("radio", { name: "Open" }).check();
      await app.getByText("Buy milk").waitFor({ state: "detached" });
      await app.getByRole("radio", { name: "All" }).check();
      await app.getByText("Buy milk").waitFor();
    },
  },
  {
    sentence: "make a notes app",
    async use(app) {
      await press(app, "New note");
      await field(app, "Title").fill("Ideas");
      await field(app, "Note").fill("A desktop that keeps its word");
    },
    async holds(app) {
      await press(app, "Ideas");
      await app.locator("textarea").waitFor();
      assert.equal(await field(app, "Note").inputValue(), "A desktop that keeps its word");
      await shows(app, "6 words");
    },
  },
  {
    sentence: "make a stopwatch",
    async use(app) {
      await press(app, "Start");
      await app.getByText(/^(?!00:00\.00)\d\d:\d\d\.\d\d$/).waitFor();
      await press(app, "Lap", "Stop");
      this.clock = await app
        .getByText(/^\d\d:\d\d\.\d\d$/)
        .first()
        .textContent();
    },
    async holds(app) {
      await shows(app, this.clock);
      await button(app, "Resume").waitFor();
    },
  },
  {
    sentence: "make a pomodoro timer",
    async use(app) {
      await shows(app, "25:00");
      await app.getByRole("slider", { name: "Focus minutes" }).fill("50");
      await shows(app, "50:00");
      await press(app, "Start");
      await app.getByText(/^49:5\d$/).waitFor();
      await press(app, "Pause");
    },
    async holds(app) {
      assert.equal(await app.getByRole("slider", { name: "Focus minutes" }).inputValue(), "50");
    },
  },
  {
    sentence: "make a unit converter",
    async use(app) {
      await field(app, "Measure").selectOption("Temperature");
      await field(app, "Amount").fill("100");
    },
    async holds(app) {
      await app.getByText(/^212 Fahrenheit/).waitFor();
    },
  },
  {
    sentence: "track my expenses",
    async use(app) {
      for (const [what, amount] of [
        ["Groceries", "12.50"],
        ["Train", "7.25"],
      ]) {
        await field(app, "What for").fill(what);
        await field(app, "Amount").fill(amount);
        await press(app, "Add");
        await app.getByRole("gridcell", { name: what }).waitFor();
      }
    },
    async holds(app) {
      await app.getByRole("gridcell", { name: "Groceries" }).waitFor();
      await app
        .getByText(/19[.,]75/)
        .first()
        .waitFor();
    },
  },
  {
    sentence: "track books with title, author and rating",
    async use(app) {
      await addBook(app, "Solaris", "Lem", "5");
      await addBook(app, "Dune", "Herbert", "4");
      await addBook(app, "Emma", "Austen", "3");
      await press(app, "Edit Dune");
      await field(app, "Title").fill("Dune Messiah");
      await press(app, "Save");
      await press(app, "Delete Emma");
      await field(app, "Sort by").selectOption({ label: "Rating" });
      await app.getByRole("switch", { name: "Descending" }).check();
    },
    async holds(app) {
      const titles = app.getByRole("button", { name: /^Edit / });
      await titles.nth(1).waitFor();
      const names = await titles.evaluateAll((buttons) =>
        buttons.map((each) => each.getAttribute("aria-label")),
      );
      assert.deepEqual(names, ["Edit Solaris", "Edit Dune Messiah"]);
      await field(app, "Search").fill("messiah");
      await app.getByText("Solaris").waitFor({ state: "detached" });
      await app.getByText("Dune Messiah").waitFor();
      await field(app, "Search").fill("");
    },
  },
];

async function addBook(app, title, author, rating) {
  await field(app, "Title").fill(title);
  await field(app, "Author").fill(author);
  await app.getByLabel(/^Rating/).fill(rating);
  await press(app, "Add book");
  await button(app, `Edit ${title}`).waitFor();
}

describe("an app made from a sentence", () => {
  let agentos;
  let desktop;
  before(async () => {
    agentos = await AgentOS.start();
  });
  after(() => agentos.stop());
  beforeEach(async () => {
    desktop = await Desktop.open(agentos.url);
  });
  afterEach(() => desktop.close());

  for (const kind of kinds) {
    it(`works and comes back after a crash: ${kind.sentence}`, async () => {
      const made = await desktop.generate(kind.sentence);
      const appId = await made.getAttribute("data-app-id");
      const title = await made.getByRole("heading").first().textContent();
      await kind.use(made);
      await kind.holds(made);
      await desktop.save(made);
      await desktop.allIsKept(made);

      await agentos.crash();
      await agentos.restart();
      await desktop.reload();
      const restored = desktop.windowOf(appId);
      await kind.holds(restored);
      await desktop.closeWindow(restored);

      const launched = await desktop.launch(title);
      await kind.holds(launched);
      await desktop.closeWindow(launched);
    });
  }
});
