/** The model is chosen on a page: tried, kept over a reload and a restart, and its key is shown to nobody. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { AgentOS } from "./agentos.mjs";
import { Desktop, hasValue } from "./desktop.mjs";
import { Provider } from "./provider.mjs";

const KEY = "key-0123456789";
const UNDECIDED = { AGENTOS_LLM: "", GOOGLE_API_KEY: "", GEMINI_API_KEY: "" };
const tally = JSON.stringify({
  title: "Tally",
  components: [{ type: "text", props: { content: "Nothing counted yet" } }],
});

describe("the model", () => {
  const provider = new Provider();
  let url;
  let agentos;
  let desktop;
  const told = [];
  const settings = () => desktop.page.getByRole("dialog", { name: "Settings" });

  before(async () => {
    url = await provider.start();
    agentos = await AgentOS.start([], UNDECIDED);
    desktop = await Desktop.open(agentos.url);
    desktop.page.on("response", (response) => told.push(response.text().catch(() => "")));
  });
  after(async () => {
    await desktop?.close();
    await agentos?.stop();
    provider.stop();
  });

  it("is connected where the composer has to decline, and asked from then on", async () => {
    const { page } = desktop;
    await desktop.ask("a flight simulator with weather radar");
    const declined = page.getByRole("dialog", { name: "a flight simulator" });
    await declined.getByRole("button", { name: "Connect a model" }).click();
    await settings().getByLabel("Who writes apps").selectOption({ label: "Ollama" });
    assert.equal(await settings().getByLabel("Address").inputValue(), "http://127.0.0.1:11434/v1");
    assert.deepEqual(await desktop.accessibilityViolations(), []);

    await settings().getByLabel("Address").fill(url);
    await settings().getByLabel("Key", { exact: true }).fill(KEY);
    await settings().getByRole("button", { name: "Save" }).click();
    await settings().getByRole("alert").getByText("needs the name of a model").waitFor();
    assert.equal(await settings().getByLabel("Model", { exact: true }).getAttribute("aria-invalid"), "true");
    assert.deepEqual(await desktop.accessibilityViolations(), []);

    await settings().getByLabel("Model", { exact: true }).fill("no-such-model");
    await settings().getByRole("button", { name: "Test connection" }).click();
    await settings().getByText("It answers and has 1 model. “no-such-model” is not among them.").waitFor();
    const offered = await settings()
      .locator("datalist option")
      .evaluateAll((all) => all.map(({ value }) => value));
    assert.deepEqual(offered, ["some-model"]);
    await settings().getByLabel("Model", { exact: true }).fill("some-model");
    await settings().getByRole("button", { name: "Test connection" }).click();
    await settings().getByText("It answers and has 1 model.", { exact: true }).waitFor();
    await settings().getByRole("button", { name: "Save" }).click();
    await settings().waitFor({ state: "detached" });

    provider.answers.push([tally]);
    await declined.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("dialog", { name: "Tally" }).getByText("Nothing counted yet").waitFor();
  });

  it("stays chosen after a reload and a restart, and is opened by keyboard alone", async () => {
    const { page } = desktop;
    await agentos.crash();
    await agentos.restart();
    await desktop.reload();
    await page.keyboard.press("Alt+Comma");
    await hasValue(settings().getByLabel("Address"), url);
    assert.equal(await settings().getByLabel("Model", { exact: true }).inputValue(), "some-model");
    const key = settings().getByLabel("Key", { exact: true });
    assert.deepEqual([await key.inputValue(), await key.getAttribute("placeholder")], ["", "A key is kept"]);
    await desktop.tabTo("Test connection");
    await page.keyboard.press("Enter");
    await settings().getByText("It answers and has 1 model.", { exact: true }).waitFor();
    await page.keyboard.press("Escape");
    await settings().waitFor({ state: "detached" });
    assert.ok(provider.authorizations.every((sent) => sent === `Bearer ${KEY}`));
  });

  it("keeps its key from the page", async () => {
    const stored = await desktop.page.evaluate(() =>
      JSON.stringify([{ ...localStorage }, { ...sessionStorage }]),
    );
    for (const text of [await desktop.page.content(), stored, ...(await Promise.all(told))]) {
      assert.ok(!text.includes(KEY), text);
    }
  });

  it("loses its key when asked to", async () => {
    await desktop.page.getByRole("button", { name: "Settings" }).click();
    await settings().getByRole("button", { name: "Forget the key" }).click();
    await settings().getByText("The key is forgotten when you save.").waitFor();
    await settings().getByRole("button", { name: "Save" }).click();
    await settings().waitFor({ state: "detached" });
    assert.equal((await agentos.request("GET", "/settings")).body.has_key, false);
  });

  for (const look of [{ colorScheme: "dark" }, { viewport: { width: 360, height: 640 } }]) {
    it(`can be read and reached, ${JSON.stringify(look)}`, async () => {
      const { page } = desktop;
      await page.emulateMedia({ reducedMotion: "reduce", ...look });
      if (look.viewport) await page.setViewportSize(look.viewport);
      await page.getByRole("button", { name: "Settings" }).click();
      await settings().getByRole("button", { name: "Test connection" }).click();
      await settings().getByText("It answers and has 1 model.", { exact: true }).waitFor();
      assert.deepEqual(await desktop.accessibilityViolations(), []);
      const isCut = await settings().evaluate(
        (sheet) => sheet.querySelector("form").scrollWidth > sheet.clientWidth,
      );
      assert.ok(!isCut, "nothing is cut off at the side");
      await page.keyboard.press("Escape");
    });
  }
});

describe("a model that was set at the start", () => {
  it("is shown with what set it, and cannot be changed here", async () => {
    const agentos = await AgentOS.start(["--llm", "offline"], UNDECIDED);
    const desktop = await Desktop.open(agentos.url);
    await desktop.page.getByRole("button", { name: "Settings" }).click();
    const settings = desktop.page.getByRole("dialog", { name: "Settings" });
    await settings.getByText("The model is set by --llm; start AgentOS without it").waitFor();
    assert.ok(await settings.getByLabel("Who writes apps").isDisabled());
    assert.equal(await settings.getByRole("button", { name: "Save" }).count(), 0);
    assert.deepEqual(await desktop.accessibilityViolations(), []);
    await desktop.close();
    await agentos.stop();
  });
});
