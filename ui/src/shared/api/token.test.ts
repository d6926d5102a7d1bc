import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError, api } from "./client";
import { keepToken, takeToken, token, useAccess } from "./token";

const TOKEN = "0123456789abcdef-._~+/=ABCDEFGHIJ";

beforeEach(() => useAccess.setState({ refused: false }));
afterEach(() => {
  sessionStorage.clear();
  history.replaceState(null, "", "/");
});

describe("the token", () => {
  it("is taken out of the address, and kept by this tab", () => {
    history.replaceState(null, "", `/docs/apps?a=1#token=${TOKEN}`);
    expect(takeToken()).toBe(true);
    expect(location.href).toBe(`${location.origin}/docs/apps?a=1`);
    expect(token()).toBe(TOKEN);
    expect(localStorage).toHaveLength(0);
    expect(document.cookie).toBe("");
    expect(takeToken()).toBe(false);
  });

  it("is nothing else that stands behind the address", () => {
    history.replaceState(null, "", "/docs/apps#components");
    expect(takeToken()).toBe(false);
    expect(location.hash).toBe("#components");
    history.replaceState(null, "", "/#token=ä");
    expect(takeToken()).toBe(false);
    expect(location.hash).toBe("");
    expect(token()).toBeNull();
  });

  it.each([
    [TOKEN, true],
    [` ${TOKEN}\n`, true],
    [`http://127.0.0.1:8000/#token=${TOKEN}`, true],
    [`AgentOS is ready at http://127.0.0.1:8000/#token=${TOKEN}`, true],
    ["", false],
    [TOKEN.slice(0, 31), false],
    ["http://127.0.0.1:8000/", false],
    [`${TOKEN} ${TOKEN}`, false],
    [`${TOKEN}ä`, false],
  ])("is found in what a person pastes: %j", (text, found) => {
    expect(keepToken(text)).toBe(found);
    expect(token()).toBe(found ? TOKEN : null);
  });
});

describe("requests", () => {
  const answer = (status: number, body: object) => {
    const fetched = vi.fn(async () => new Response(JSON.stringify(body), { status }));
    vi.stubGlobal("fetch", fetched);
    return () => (fetched.mock.calls[0] as unknown as [string, RequestInit])[1].headers;
  };
  afterEach(() => vi.unstubAllGlobals());

  it("bring the token where there is one", async () => {
    const without = answer(200, { apps: [] });
    await api.apps();
    expect(without()).toEqual({});
    keepToken(TOKEN);
    const bringing = answer(200, {});
    await api.openApp({});
    expect(bringing()).toEqual({ "content-type": "application/json", authorization: `Bearer ${TOKEN}` });
    expect(useAccess.getState().refused).toBe(false);
  });

  it("tell when the server let nobody in, and only then", async () => {
    answer(403, { error: "no", code: "permission_denied" });
    await expect(api.apps()).rejects.toBeInstanceOf(ApiError);
    expect(useAccess.getState().refused).toBe(false);
    answer(401, { error: "no", code: "unauthenticated" });
    await expect(api.apps()).rejects.toBeInstanceOf(ApiError);
    expect(useAccess.getState().refused).toBe(true);
  });
});
