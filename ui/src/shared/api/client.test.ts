import { afterEach, describe, expect, it, vi } from "vitest";
import { api } from "./client";

afterEach(() => vi.unstubAllGlobals());

describe("a request that reaches no server", () => {
  it("says so in words of ours and keeps what the browser said as the cause", async () => {
    const cause = new TypeError("Failed to fetch");
    vi.stubGlobal("fetch", () => Promise.reject(cause));
    await expect(api.health()).rejects.toMatchObject({
      code: "unreachable",
      message: "the server cannot be reached",
      cause,
    });
  });
});
