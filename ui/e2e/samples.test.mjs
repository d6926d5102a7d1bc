/** The documents of the earlier system and of the language's examples, where they are at hand, are drawn and work. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { AgentOS } from "./agentos.mjs";
import { Desktop, hasValue } from "./desktop.mjs";

const samples = fileURLToPath(new URL("../../../shared/samples", import.meta.url));

describe("the sample documents", { skip: !existsSync(samples) && `there is no ${samples}` }, () => {
  let agentos;
  let desktop;
  before(async () => {
    agentos = await AgentOS.start();
    desktop = await Desktop.open(agentos.url);
  });
  after(async () => {
    await desktop.close();
    await agentos.stop();
  });

  async function open(name) {
    const ui_spec = JSON.parse(readFileSync(`${samples}/${name}.json`, "utf8"));
    const { status, body } = await agentos.request("POST", "/apps", { ui_spec });
    assert.equal(status, 200, JSON.stringify(body));
    await desktop.reload();
    return { app: desktop.windowOf(body.app_id), report: body.report };
  }

  it("calculator: a press of 7 appears in the display", async () => {
    const { app } = await open("calculator-readme");
    await app.getByRole("button", { name: "7" }).click();
    await hasValue(app.locator("input").first(), "7");
  });

  it("todo: a task is added, done, filtered and cleared", async () => {
    const { app } = await open("todo");
    await app.getByLabel("New task").fill("Read the samples");
    await app.getByLabel("New task").press("Enter");
    await app.getByText("1 item left").waitFor();
    await app.getByRole("checkbox", { name: "Read the samples" }).check();
    await app.getByText("0 items left").waitFor();
    await app.getByLabel("Show").selectOption("open");
    await app.getByRole("checkbox", { name: "Read the samples" }).waitFor({ state: "detached" });
    await app.getByRole("button", { name: "Clear completed" }).click();
    await desktop.page.getByText("Remove completed tasks?").waitFor();
    await desktop.page.keyboard.press("Enter");
    await app.getByRole("button", { name: "Clear completed" }).waitFor({ state: "detached" });
  });

  it("dashboard: it asks before it fetches, and works on from its default where it may not", async () => {
    const { app, report } = await open("dashboard");
    assert.deepEqual(
      report.issues.filter(({ severity }) => severity !== "note"),
      [],
    );
    await app.getByText("Weather dashboard wants to contact api.open-meteo.com").waitFor();
    await app.getByRole("button", { name: "Never", exact: true }).click();
    await app.getByText(/^Could not load: /).waitFor();
    await app.getByLabel("City").selectOption("Paris");
    await app.getByRole("img", { name: "Temps" }).waitFor();
  });
});
