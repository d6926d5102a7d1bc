/** A model behind a provider's API writes an app while it is watched, and changes it when asked. The provider is played. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { AgentOS } from "./agentos.mjs";
import { Desktop } from "./desktop.mjs";
import { Provider } from "./provider.mjs";

const tally = {
  title: "Tally",
  state: { count: 0 },
  computed: { twice: "count * 2" },
  components: [
    { type: "text", id: "shown", props: { content: "{{ count }} counted, twice that is {{ twice }}" } },
    {
      type: "button",
      id: "more",
      props: { text: "Count" },
      on_event: { click: { tool: "ui.increment", args: { path: "count" } } },
    },
  ],
};

describe("an app by a model", () => {
  const provider = new Provider();
  let agentos;
  let desktop;

  before(async () => {
    const url = await provider.start();
    agentos = await AgentOS.start(["--llm", "openai", "--llm-model", "some-model", "--llm-base-url", url]);
    desktop = await Desktop.open(agentos.url);
  });
  after(async () => {
    await desktop?.close();
    await agentos?.stop();
    provider.stop();
  });

  it("is drawn while it is written, works when it is whole, and is changed by asking", async () => {
    const { page } = desktop;
    const text = JSON.stringify(tally);
    const half = text.indexOf('{"type":"button"');
    let goOn;
    const held = new Promise((resolve) => {
      goOn = resolve;
    });
    provider.answers.push([
      { thought: "A number and a button." },
      text.slice(0, half),
      () => held,
      text.slice(half),
    ]);
    await desktop.ask("count things");
    const window = page.getByRole("dialog", { name: "Tally" });
    await window.getByText(/counted, twice that is/).waitFor();
    assert.equal(await window.getByRole("button", { name: "Count", exact: true }).count(), 0);
    goOn();
    await window.getByRole("button", { name: "Count", exact: true }).click();
    await window.getByText("1 counted, twice that is 2", { exact: true }).waitFor();

    provider.answers.push([JSON.stringify({ upsert: { id: "more", props: { text: "One more" } } })]);
    await window.getByRole("button", { name: "Window menu" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("menuitem", { name: "Change…" }).press("Enter");
    const dialog = page.getByRole("dialog", { name: "Change this app" });
    await dialog.getByLabel("What should be different?").waitFor();
    assert.deepEqual(await desktop.accessibilityViolations(), []);
    await page.keyboard.type("say it in words");
    await page.keyboard.press("ControlOrMeta+Enter");
    await dialog.waitFor({ state: "detached" });
    await window.getByRole("button", { name: "One more", exact: true }).click();
    await window.getByText("2 counted, twice that is 4", { exact: true }).waitFor();

    await window.getByRole("button", { name: "Window menu" }).click();
    await page.getByRole("menuitem", { name: "History…" }).click();
    const history = page.getByRole("dialog", { name: "History" });
    await history.getByText("say it in words").waitFor();
    await history.getByRole("button", { name: "Undo" }).click();
    await page.keyboard.press("Escape");
    await window.getByRole("button", { name: "Count", exact: true }).waitFor();
  });

  it("stays as it is when a change is refused or given up, and the model is hung up on", {
    timeout: 60_000,
  }, async () => {
    const { page } = desktop;
    const window = page.getByRole("dialog", { name: "Tally" });
    const dialog = page.getByRole("dialog", { name: "Change this app" });
    const ask = async (message) => {
      await dialog.getByLabel("What should be different?").fill(message);
      await dialog.getByRole("button", { name: "Change app" }).click();
    };
    provider.answers.push(['{"set":{"title":"Tally"}}']);
    await window.getByRole("button", { name: "Window menu" }).click();
    await page.getByRole("menuitem", { name: "Change…" }).click();
    await ask("make it nicer");
    await dialog.getByRole("alert").getByText("the model changed nothing").waitFor();
    assert.deepEqual(await desktop.accessibilityViolations(), []);
    assert.equal(await dialog.getByLabel("What should be different?").inputValue(), "make it nicer");

    provider.answers.push([() => new Promise(() => {})]);
    await ask("never mind");
    await dialog.getByText("The change is being written and tried out…").waitFor();
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await dialog.waitFor({ state: "detached" });
    await provider.hungUp;
    await window.getByRole("button", { name: "Count", exact: true }).waitFor();
  });
});
