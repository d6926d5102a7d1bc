/** Whatever the catalog says a component can be told changes what a person sees. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { AgentOS } from "./agentos.mjs";
import { Desktop } from "./desktop.mjs";

/** Properties that change nothing in the picture at rest, and why. */
const UNSEEN = new Set([
  // The usual look is this one; both words are kept from the earlier language.
  "checkbox.variant",
  "slider.variant",
  "progress.variant: primary",
  "input.variant: outline",
  "textarea.variant: outline",
  "select.variant: outline",
  "date.variant: outline",
  // Kept from the earlier language, without effect.
  "iframe.sandbox",
  "container.itemHeight",
  // They act where something happens: the app opens, there is little room, a heading is pressed.
  "input.autofocus",
  "grid.responsive",
  "table.sortable",
  // They name something else: a panel, a column, a row, a group that has a label already.
  "tabs.value",
  "tabs.defaultTab",
  "accordion.value",
  "table.sort",
  "table.selected",
  "table.rowKey",
  "radio.name",
  // The example has what this is about: children, rows.
  "list.empty",
  "table.empty",
  "chart.empty",
]);

/** What is drawn once the person allowed where it is loaded from. */
const LOADED = new Set(["video", "audio", "iframe"]);

const PICTURE =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/** What a property needs beside it to be seen. */
const BESIDE = {
  "button.label": { text: "✕" },
  "chart.stacked": { kind: "bar" },
  "container.spacing": { gap: null },
  "container.wrap": { layout: "horizontal" },
  "container.maxHeight": { label: "Long" },
  "grid.spacing": { gap: null },
  "image.fit": { src: PICTURE },
  "image.rounded": { src: PICTURE },
  "select.placeholder": { value: "none of them" },
  "stat.trend": { delta: "1" },
  "switch.checked": { checked: false },
  "text.color": { variant: "body" },
  "text.format": { content: "**bold**" },
};

/** Values a property of this kind may have beside its default; none for what has a form of its own. */
function others({ kind, default: usual }) {
  const values = [];
  const choices = /one of ([\w -]+?)(?: or |$)/.exec(kind);
  if (choices) values.push(...choices[1].split(" "));
  if (kind.includes("true or false") && !kind.startsWith("text, a number")) values.push(!usual);
  const range = /number from (\d+) to (\d+)/.exec(kind);
  if (range) values.push(Number(range[1]));
  else if (/(^|or )a (whole )?number/.test(kind)) values.push(3);
  if (/^text/.test(kind) && values.length === 0) values.push("Other words");
  return values.filter((value) => value !== usual);
}

/** Markup without the names that differ from copy to copy, and what of it only properties hold. */
function picture(element) {
  const media = [...element.querySelectorAll("video, audio")].map(({ muted, loop }) => ({ muted, loop }));
  const markup = element.innerHTML.replaceAll(/v\d+-\w+/g, "").replaceAll(/_r_\w+_/g, "");
  const values = [...element.querySelectorAll("input, textarea, select")].map(({ value, checked }) => [
    value,
    checked,
  ]);
  return JSON.stringify([markup, media, values]);
}

const FRAME = '[data-node-id$="-frame"]';

describe("every property of the catalog", () => {
  let agentos;
  let desktop;
  let components;
  before(async () => {
    agentos = await AgentOS.start();
    desktop = await Desktop.open(agentos.url);
    ({ components } = (await agentos.request("GET", "/catalog")).body);
  });
  after(async () => {
    await desktop.close();
    await agentos.stop();
  });

  it("is seen", async () => {
    const unseen = [];
    let tried = 0;
    for (const entry of components) {
      const shown = shownIn(entry);
      const variants = [];
      for (const prop of entry.props) {
        const name = `${entry.name}.${prop.name}`;
        if (UNSEEN.has(name)) continue;
        const beside = BESIDE[name] ?? {};
        for (const value of others(prop).filter((value) => !UNSEEN.has(`${name}: ${value}`))) {
          if (JSON.stringify(shown.props?.[prop.name]) === JSON.stringify(value)) continue;
          variants.push({ name, value, beside, changed: { ...beside, [prop.name]: value } });
        }
      }
      tried += variants.length;
      // A dialog is drawn over everything, so there is one of it at a time.
      const batches = entry.name === "modal" ? variants.map((variant) => [variant]) : [variants];
      for (const batch of batches) unseen.push(...(await unseenOf(entry, batch)));
    }
    assert.ok(tried > 250, `${tried} values`);
    assert.deepEqual(unseen, []);
  });

  /** Draws each variant beside the same component without it, and gives the names of those that look alike. */
  async function unseenOf(entry, variants) {
    const { app, name } = entry;
    const copy = (id, more) => {
      const component = structuredClone(shownIn(entry));
      rename(component, id);
      component.props = { ...component.props, ...more };
      return { type: "container", id: `${id}-frame`, children: [component] };
    };
    const pairs = variants.flatMap(({ beside, changed }, index) => [
      copy(`v${index}-a`, beside),
      copy(`v${index}-b`, changed),
    ]);
    const open = name === "modal" ? { state: { ...app.state, adding: true } } : {};
    const seen = async (components) => {
      const made = await agentos.request("POST", "/apps", { ui_spec: { ...app, ...open, components } });
      assert.equal(made.status, 200, `${name}: ${JSON.stringify(made.body)}`);
      await desktop.reload();
      const window = desktop.windowOf(made.body.app_id);
      await window.locator("[data-node-id]").first().waitFor({ state: "attached" });
      if (name === "chart") await drawn(window);
      if (name === "modal") await window.locator('[aria-modal="true"]').waitFor();
      if (LOADED.has(name)) {
        await window.getByRole("button", { name: "This session", exact: true }).click();
        await window
          .getByText(/^Waits until/)
          .first()
          .waitFor({ state: "detached" });
      }
      const pictures = [];
      for (const element of name === "modal" ? [window] : await window.locator(FRAME).all()) {
        pictures.push(await element.evaluate(picture));
      }
      await agentos.request("DELETE", `/apps/${made.body.app_id}`);
      await window.waitFor({ state: "detached" });
      return pictures;
    };
    // A dialog is drawn over the whole app, so each of the two has an app of its own.
    const pictures =
      name === "modal" ? [await seen([pairs[0]]), await seen([pairs[1]])].flat() : await seen(pairs);
    assert.equal(pictures.length, pairs.length);
    return variants.filter((_, index) => pictures[2 * index] === pictures[2 * index + 1]).map(told);
  }
});

/** Waits until no chart is without its plot. */
function drawn(window) {
  return window
    .locator('figure:not([aria-busy="true"]):not(:has(.recharts-surface))')
    .first()
    .waitFor({ state: "detached" });
}

const told = ({ name, value }) => `${name}: ${value}`;

/** The component that an entry's example app is about. */
function shownIn({ app, name }) {
  return app.components.find(({ type }) => type === name);
}

/** Gives a component and all inside it ids that start with `prefix`. */
function rename(component, prefix) {
  component.id = `${prefix}-${component.id ?? component.type}`;
  for (const child of component.children ?? []) rename(child, prefix);
}
