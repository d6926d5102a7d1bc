/** Hostile and broken input through the server's doors gets a clear answer, and the desktop goes on. */
import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, describe, it } from "node:test";
import { AgentOS } from "./agentos.mjs";
import { Desktop } from "./desktop.mjs";

const KIB = 1024;

const app = (...components) => ({ type: "app", title: "Hostile", layout: "vertical", components });
const text = (props) => ({ type: "text", props });
const nested = (depth) =>
  depth === 0 ? text({ content: "deep" }) : { type: "container", children: [nested(depth - 1)] };

describe("a document that cannot be opened", () => {
  let agentos;
  before(async () => {
    agentos = await AgentOS.start();
  });
  after(() => agentos.stop());

  const cases = [
    ["not JSON", "{ this is not json", "json_invalid"],
    ["truncated", '{"ui_spec":{"type":"app","title":"Cut', "json_truncated"],
    [
      "600 KiB",
      { ui_spec: app(...Array.from({ length: 600 }, () => text({ content: "x".repeat(KIB) }))) },
      "too_large",
    ],
    ["components 30 deep", { ui_spec: app(nested(30)) }, "too_deep"],
    [
      "JSON 100,000 deep",
      `{"ui_spec":{"type":"app","title":"Deep","state":{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}},"components":[]}}`,
      "json_invalid",
    ],
    [
      "a million characters in one property",
      { ui_spec: app(text({ content: "x".repeat(1_000_000) })) },
      "too_large",
    ],
  ];
  for (const [name, body, code] of cases) {
    it(`is refused with its reason: ${name}`, async () => {
      const answer = await agentos.request("POST", "/apps", body);
      assert.equal(answer.status, 422, JSON.stringify(answer.body));
      assert.match(JSON.stringify(answer.body), new RegExp(code));
      assert.equal(typeof answer.body.error, "string");
      assert.deepEqual((await agentos.request("GET", "/apps")).body.apps, []);
    });
  }

  it("is refused unread when it is larger than any document may be", async () => {
    const answer = await agentos.request("POST", "/apps", { padding: "x".repeat(2 * KIB * KIB) });
    assert.equal(answer.status, 413);
    assert.equal(typeof answer.body.error, "string");
  });

  for (const [name, body, code] of [
    ["components 30 deep", app(nested(30)), "too_deep"],
    ["JSON 100,000 deep", "[".repeat(100_000), "too_deep"],
    ["not JSON", "{ this is not json", "json_invalid"],
    ["truncated", '{"type":"app","title":"Cut', "json_truncated"],
  ]) {
    it(`is told about, not failed, by /validate: ${name}`, async () => {
      const answer = await agentos.request("POST", "/validate", body);
      assert.equal(answer.status, 200);
      assert.equal(answer.body.valid, false);
      assert.deepEqual(
        answer.body.issues.map((issue) => issue.code),
        [code],
      );
    });
  }
});

describe("a request from another site", () => {
  let agentos;
  before(async () => {
    agentos = await AgentOS.start();
  });
  after(() => agentos.stop());

  const cases = [
    ["a foreign Host", { host: "evil.example" }],
    ["a foreign Origin", { origin: "https://evil.example" }],
    ["the null Origin", { origin: "null" }],
    ["a cross-site fetch", { "sec-fetch-site": "cross-site" }],
  ];
  for (const [name, headers] of cases) {
    it(`is refused on REST: ${name}`, async () => {
      const { status, body } = await raw(agentos.url, "/apps", headers);
      assert.equal(status, 403, body);
      assert.equal(typeof JSON.parse(body).error, "string");
    });
    it(`is refused on the stream: ${name}`, async () => {
      const upgrade = {
        connection: "upgrade",
        upgrade: "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
      };
      const { status } = await raw(agentos.url, "/stream", { ...upgrade, ...headers });
      assert.equal(status, 403);
    });
  }
});

describe("the stream", () => {
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

  const cases = [
    ["not JSON", "{ nope"],
    ["an unknown type", '{"type":"launch_missiles"}'],
    ["no object", "[1,2,3]"],
    ["a message of 300 KiB", JSON.stringify({ type: "chat", message: "x".repeat(300 * KIB) })],
    ["JSON 100,000 deep", "[".repeat(100_000)],
    [
      "a state batch for an app nobody opened",
      '{"type":"app_state","app_id":"x","engine":"y","base_rev":0,"ops":[]}',
    ],
  ];
  for (const [name, frame] of cases) {
    it(`answers an error and stays open: ${name}`, async () => {
      const kinds = await desktop.page.evaluate(exchange, frame);
      assert.deepEqual(kinds, ["error", "pong"]);
    });
  }
});

describe("a document with faults that can be mended", () => {
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

  const label = text({ content: "still here" });
  const cases = [
    ["duplicate ids", app({ ...label, id: "a" }, { type: "input", id: "a" }, { type: "input", id: "a" })],
    ["an unknown component", app({ type: "hologram", children: [label] })],
    [
      "an unknown tool",
      app(label, { type: "button", props: { text: "Go" }, on_event: { click: "warp.engage" } }),
    ],
    [
      "__proto__ as a name",
      JSON.parse(
        '{"type":"app","title":"Proto","layout":"vertical","state":{"__proto__":{"polluted":true}},"components":[{"type":"text","props":{"content":"still here"}}]}',
      ),
    ],
    [
      "a javascript: link",
      app(label, { type: "link", props: { text: "Click me", href: "javascript:document.title='owned'" } }),
    ],
    ["markup in text", app(label, text({ content: "<img src=x onerror=\"document.title='owned'\">" }))],
  ];
  for (const [name, ui_spec] of cases) {
    it(`is drawn or refused, never blank: ${name}`, async () => {
      const answer = await agentos.request("POST", "/apps", { ui_spec });
      assert.ok([200, 422].includes(answer.status), JSON.stringify(answer.body));
      await desktop.reload();
      if (answer.status === 200) {
        const window = desktop.windowOf(answer.body.app_id);
        await window.getByText("still here").waitFor();
        for (const link of await window.getByText("Click me").all()) await link.click();
      } else {
        assert.equal(typeof answer.body.error, "string");
      }
      assert.notEqual(await desktop.page.title(), "owned");
      assert.equal(await desktop.page.evaluate(() => ({}).polluted), undefined);
      await desktop.promptIsThere();
    });
  }

  it("is answered by the prompt bar when a sentence is hostile", async () => {
    for (const sentence of ["<img src=x onerror=\"document.title='owned'\">", "x".repeat(100_000)]) {
      await desktop.ask(sentence);
      await desktop.page.getByRole("alert").first().waitFor();
      assert.notEqual(await desktop.page.title(), "owned");
      await desktop.promptIsThere();
    }
  });
});

/** Sends headers a browser or fetch would not let a program choose. */
function raw(url, path, headers) {
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, url), { headers }, (response) => {
      let body = "";
      response.on("data", (chunk) => {
        body += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode, body }));
    });
    sent.on("upgrade", (response, socket) => {
      socket.destroy();
      resolve({ status: response.statusCode, body: "" });
    });
    sent.on("error", reject);
    sent.end();
  });
}

/** Runs in the page: sends one frame and a ping, and gives the kinds of the answers up to the pong. */
function exchange(frame) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket("/stream");
    const kinds = [];
    socket.onopen = () => {
      socket.send(frame);
      socket.send('{"type":"ping"}');
    };
    socket.onmessage = ({ data }) => {
      const { type } = JSON.parse(data);
      if (type !== "system") kinds.push(type);
      if (type !== "pong") return;
      socket.close();
      resolve(kinds);
    };
    socket.onclose = () => reject(new Error(`closed after ${kinds.join(", ") || "nothing"}`));
  });
}
