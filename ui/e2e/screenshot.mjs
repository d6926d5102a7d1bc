/** Draws the picture in the README: a desktop with apps made from sentences and used. */
import { fileURLToPath } from "node:url";
import { AgentOS } from "./agentos.mjs";
import { Desktop } from "./desktop.mjs";

const picture = fileURLToPath(new URL("../../docs/desktop.png", import.meta.url));

const agentos = await AgentOS.start();
const desktop = await Desktop.open(agentos.url, {
  viewport: { width: 1600, height: 940 },
  deviceScaleFactor: 1.25,
  reducedMotion: "reduce",
});
try {
  await place(await books(), 36, 30);
  await place(await pomodoro(), 1160, 250);
  await place(await calculator(), 810, 70);
  await desktop.page.mouse.move(1580, 20);
  await desktop.page.screenshot({ path: picture });
} finally {
  await desktop.close();
  await agentos.stop();
}

async function books() {
  const app = await desktop.generate("track books with title, author and rating");
  for (const [title, author, rating] of [
    ["The Left Hand of Darkness", "Ursula K. Le Guin", "5"],
    ["Solaris", "Stanisław Lem", "5"],
    ["Invisible Cities", "Italo Calvino", "4"],
  ]) {
    await app.getByLabel("Title", { exact: true }).fill(title);
    await app.getByLabel("Author", { exact: true }).fill(author);
    await app.getByLabel(/^Rating/).fill(rating);
    await app.getByRole("button", { name: "Add book" }).click();
    await app.getByRole("button", { name: `Edit ${title}` }).waitFor();
  }
  return app;
}

async function pomodoro() {
  const app = await desktop.generate("make a pomodoro timer");
  await app.getByRole("button", { name: "Start" }).click();
  await app.getByText(/^24:5\d$/).waitFor();
  return app;
}

async function calculator() {
  const app = await desktop.generate("create a calculator");
  for (const key of ["7", "Multiply", "6", "Equals"]) {
    await app.getByRole("button", { name: key, exact: true }).click();
  }
  return app;
}

async function place(window, left, top) {
  const from = await window.evaluate(({ offsetLeft, offsetTop }) => ({ left: offsetLeft, top: offsetTop }));
  const grip = { x: 150, y: 22 };
  await desktop.page.mouse.move(from.left + grip.x, from.top + grip.y);
  await desktop.page.mouse.down();
  await desktop.page.mouse.move(left + grip.x, top + grip.y, { steps: 4 });
  await desktop.page.mouse.up();
}
