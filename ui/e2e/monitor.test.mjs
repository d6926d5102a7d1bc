/** The system monitor: who runs, what it may do and what happens, and the person's hand on it. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { AgentOS } from "./agentos.mjs";
import { Desktop } from "./desktop.mjs";

const keeper = {
  type: "app",
  title: "Keeper",
  services: ["storage"],
  state: { failed: "nothing" },
  components: [
    {
      type: "button",
      id: "keep",
      props: { text: "Keep" },
      on_event: {
        click: {
          tool: "storage.set",
          args: { key: "k", value: 1 },
          // biome-ignore lint/suspicious/noThenProperty: the language of apps calls it so.
          then: { tool: "ui.set_state", args: { path: "failed", value: "nothing" } },
          catch: { tool: "ui.set_state", args: { path: "failed", value: "{{ error.code }}" } },
        },
      },
    },
    { type: "text", props: { content: "Failed: {{ failed }}" } },
  ],
};

describe("the system monitor", () => {
  let agentos;
  let desktop;
  let app;
  const monitor = () => desktop.page.getByRole("dialog", { name: "System monitor" });
  const row = () => monitor().getByRole("row", { name: /^Keeper/ });
  const process = async () => {
    const { processes } = (await agentos.request("GET", "/kernel/processes")).body;
    return processes.find(({ app_id }) => app_id === app);
  };
  const keep = async (failed) => {
    const window = desktop.windowOf(app);
    await window.getByRole("button", { name: "Keep" }).press("Enter");
    await window.getByText(`Failed: ${failed}`, { exact: true }).waitFor();
  };
  const leave = async () => {
    await desktop.page.keyboard.press("Escape");
    await monitor().waitFor({ state: "detached" });
  };

  before(async () => {
    agentos = await AgentOS.start();
    const made = await agentos.request("POST", "/apps", { ui_spec: keeper });
    app = made.body.app_id;
    desktop = await Desktop.open(agentos.url);
    await desktop.windowOf(app).waitFor();
  });
  after(async () => {
    await desktop?.close();
    await agentos?.stop();
  });

  it("is opened by keyboard alone, and suspends and resumes an app", async () => {
    const { page } = desktop;
    await keep("nothing");
    await page.keyboard.press("Alt+KeyP");
    await row().getByText("0 B of 64 MiB").waitFor();
    assert.deepEqual(await desktop.accessibilityViolations(), []);
    await desktop.tabTo("Suspend Keeper");
    await page.keyboard.press("Enter");
    await row().getByText("Suspended").waitFor();
    assert.deepEqual(await desktop.accessibilityViolations(), []);
    await leave();
    await keep("unavailable");

    await page.getByRole("button", { name: "System monitor" }).click();
    await row().getByRole("button", { name: "Resume Keeper" }).click();
    await row().getByText("Running").waitFor();
    await leave();
    await keep("nothing");
  });

  it("takes a grant back, and shows the denial as it happens", async () => {
    await desktop.page.keyboard.press("Alt+KeyP");
    await row().getByRole("button", { name: "What Keeper may do" }).click();
    const may = monitor().getByRole("list", { name: "What Keeper may do" });
    await may.getByText("May use this storage").waitFor();
    assert.deepEqual(await desktop.accessibilityViolations(), []);
    await may.getByRole("button", { name: "Revoke: use this storage" }).click();
    await may.getByText("May use this storage").waitFor({ state: "detached" });

    await monitor().getByRole("tab", { name: "Activity" }).click();
    const activity = monitor().getByRole("log", { name: "Activity" });
    await activity.getByText("Keeper lost a grant: use this storage").waitFor();
    await monitor().getByLabel("Refusals only").check();
    await monitor().getByText("Nothing was refused.").waitFor();
    const call = { tool_id: "storage.get", params: { key: "k" }, app_id: app };
    assert.equal((await agentos.request("POST", "/services/execute", call)).status, 403);
    await activity.getByText("Keeper was refused: use this storage").waitFor();
    assert.deepEqual(await desktop.accessibilityViolations(), []);
    await leave();
    await keep("permission_denied");
  });

  it("asks before it kills, and the app is started again from its window", async () => {
    const { page } = desktop;
    const { pid } = await process();
    await page.keyboard.press("Alt+KeyP");
    await row().getByRole("button", { name: "Kill Keeper" }).click();
    const question = page.getByRole("alertdialog", { name: "Kill “Keeper”?" });
    await question.waitFor();
    assert.deepEqual(await desktop.accessibilityViolations(), []);
    await question.getByRole("button", { name: "Let it run" }).click();
    assert.equal((await process()).pid, pid);
    await row().getByRole("button", { name: "Kill Keeper" }).click();
    await question.getByRole("button", { name: "Kill", exact: true }).click();
    await row().waitFor({ state: "detached" });
    assert.equal(await process(), undefined);
    await leave();
    const window = desktop.windowOf(app);
    await window.getByText("This app was stopped").waitFor();
    assert.deepEqual(await desktop.accessibilityViolations(), []);
    await window.getByRole("button", { name: "Start again" }).press("Enter");
    await keep("nothing");
    assert.notEqual((await process()).pid, pid);
  });

  it("tells whether the audit is whole", async () => {
    await desktop.page.keyboard.press("Alt+KeyP");
    await monitor().getByRole("button", { name: "Verify the audit" }).click();
    await monitor()
      .getByText(/^The audit is whole: \d+ rows, none edited or removed\.$/)
      .waitFor();
    await leave();
  });

  for (const look of [{ colorScheme: "dark" }, { viewport: { width: 360, height: 640 } }]) {
    it(`can be read and reached, ${JSON.stringify(look)}`, async () => {
      const { page } = desktop;
      await page.emulateMedia({ reducedMotion: "reduce", ...look });
      if (look.viewport) await page.setViewportSize(look.viewport);
      await page.getByRole("button", { name: "System monitor" }).click();
      await row().getByRole("button", { name: "What Keeper may do" }).click();
      await monitor().getByText("May use this storage").waitFor();
      for (const tab of ["Processes", "Activity"]) {
        await monitor().getByRole("tab", { name: tab }).click();
        assert.deepEqual(await desktop.accessibilityViolations(), []);
        const isCut = await monitor()
          .getByRole("tabpanel", { name: tab })
          .evaluate((panel) => panel.scrollWidth > panel.clientWidth);
        assert.ok(!isCut, "nothing is cut off at the side");
      }
      await leave();
    });
  }
});
