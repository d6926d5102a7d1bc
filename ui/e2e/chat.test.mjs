/** A chat in the panel beside the windows: apps made and changed in words, by a played model and without one. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { AgentOS } from "./agentos.mjs";
import { Desktop } from "./desktop.mjs";
import { Provider } from "./provider.mjs";

const tally = {
  title: "Tally",
  state: { count: 0 },
  components: [
    { type: "text", id: "shown", props: { content: "{{ count }} counted" } },
    {
      type: "button",
      id: "more",
      props: { text: "Count" },
      on_event: { click: { tool: "ui.increment", args: { path: "count" } } },
    },
  ],
};

class Panel {
  constructor(page) {
    this.page = page;
    this.panel = page.getByRole("complementary", { name: "Chat" });
    this.message = this.panel.getByRole("textbox", { name: "Message" });
  }

  /** Opens it with the keyboard alone; the message is where one writes. */
  async open() {
    await this.page.keyboard.press("Control+j");
    await this.message.waitFor();
  }

  async say(message) {
    await this.message.fill(message);
    await this.message.press("Enter");
  }

  get answering() {
    return this.panel.getByRole("button", { name: "Stop" });
  }
}

describe("a chat with a model", () => {
  const provider = new Provider();
  let agentos;
  let desktop;
  let chat;

  before(async () => {
    await provider.start();
    agentos = await AgentOS.start(provider.flags);
    desktop = await Desktop.open(agentos.url);
    chat = new Panel(desktop.page);
  });
  after(async () => {
    await desktop?.close();
    await agentos?.stop();
    provider.stop();
  });

  it("answers, makes an app that is drawn while it is written, and changes it", async () => {
    const { page } = desktop;
    await chat.open();
    assert.equal(await chat.message.evaluate((input) => input === document.activeElement), true);
    assert.deepEqual(await desktop.accessibilityViolations(), []);

    const text = JSON.stringify(tally);
    const half = text.indexOf('{"type":"button"');
    let goOn;
    const held = new Promise((resolve) => {
      goOn = resolve;
    });
    provider.answers.push([
      { thought: "They want to count." },
      "A **tally** it is.\n",
      '{"make":"count things"}',
    ]);
    provider.answers.push([text.slice(0, half), () => held, text.slice(half)]);
    await chat.say("I want to count things");
    await chat.panel.getByText("tally", { exact: true }).waitFor();
    const window = page.getByRole("dialog", { name: "Tally" });
    await window.getByText("0 counted").waitFor();
    await chat.panel.getByText("Writing the app…").waitFor();
    assert.equal(await chat.panel.getByText("They want to count.").isVisible(), false);
    await chat.panel.getByText("Thoughts").click();
    assert.equal(await chat.panel.getByText("They want to count.").isVisible(), true);
    goOn();
    await window.getByRole("button", { name: "Count", exact: true }).click();
    await window.getByText("1 counted").waitFor();
    assert.deepEqual(await desktop.accessibilityViolations(), []);

    provider.answers.push(['I put it in words.\n{"change":1,"request":"say One more"}']);
    provider.answers.push([JSON.stringify({ upsert: { id: "more", props: { text: "One more" } } })]);
    await chat.say("say it in words");
    await window.getByRole("button", { name: "One more", exact: true }).click();
    await window.getByText("2 counted").waitFor();
    await chat.answering.waitFor({ state: "detached" });
    assert.equal(await chat.panel.getByRole("button", { name: "Show Tally" }).count(), 2);
  });

  it("is still there after a reload, and the model is told again what was said", async () => {
    const { page } = desktop;
    await desktop.reload();
    await chat.panel.getByText("I want to count things").waitFor();
    await page.getByRole("dialog", { name: "Tally" }).getByText("2 counted").waitFor();
    provider.answers.push(["Gladly."]);
    await chat.say("thanks");
    await chat.panel.getByText("Gladly.").waitFor();
    const { messages } = provider.asked.at(-1);
    assert.deepEqual(
      messages.map(({ role }) => role),
      ["system", "user", "assistant", "user", "assistant", "user"],
    );
    assert.match(messages[1].content, /I want to count things/);
  });

  it("goes on with an answer that a reload interrupted", async () => {
    let goOn;
    const held = new Promise((resolve) => {
      goOn = resolve;
    });
    provider.answers.push(["It was ", () => held, "a long story."]);
    await chat.say("tell me a story");
    await chat.panel.getByText("It was").waitFor();
    await desktop.reload();
    await chat.panel.getByText("It was").waitFor();
    goOn();
    await chat.panel.getByText("It was a long story.").waitFor();
    await chat.answering.waitFor({ state: "detached" });
  });

  it("stops when it is told to, and the model is hung up on", { timeout: 60_000 }, async () => {
    provider.answers.push(["Well, ", () => new Promise(() => {})]);
    await chat.say("and now?");
    await chat.panel.getByText("Well,").waitFor();
    await chat.answering.click();
    await chat.panel.getByText("Stopped.").waitFor();
    await provider.hungUp;

    await chat.panel.getByRole("button", { name: "New conversation" }).click();
    await chat.panel.getByText("Ask something").waitFor();
    await desktop.page.keyboard.press("Escape");
    await chat.panel.waitFor({ state: "detached" });
  });
});

describe("a chat without a model", () => {
  let agentos;
  let desktop;

  before(async () => {
    agentos = await AgentOS.start();
    desktop = await Desktop.open(agentos.url, { viewport: { width: 390, height: 800 } });
  });
  after(async () => {
    await desktop?.close();
    await agentos?.stop();
  });

  it("makes the apps that are built in and says what the rest needs, on a narrow screen too", async () => {
    const chat = new Panel(desktop.page);
    await desktop.page.getByRole("button", { name: "Chat" }).click();
    await chat.say("what is love?");
    await chat.panel.getByRole("alert").getByText("AGENTOS_LLM").waitFor();
    assert.deepEqual(await desktop.accessibilityViolations(), []);
    await chat.panel.getByRole("button", { name: "Connect a model" }).click();
    await desktop.page.getByRole("dialog", { name: "Settings" }).waitFor();
    await desktop.page.keyboard.press("Escape");
    await chat.say("create a calculator");
    await chat.panel.getByRole("button", { name: "Show Calculator" }).click();
    const calculator = desktop.page.getByRole("dialog", { name: "Calculator" });
    await calculator.getByRole("button", { name: "7", exact: true }).click();
  });
});
