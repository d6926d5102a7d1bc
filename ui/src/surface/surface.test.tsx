import { act, cleanup, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it } from "vitest";
import { Access } from "@/engine/access";
import { NodeStore } from "@/engine/nodeStore";
import type { NodeOf, UiNode } from "@/engine/protocol";
import { Surface } from "./Surface";
import type { SurfaceHost } from "./SurfaceContext";

type Sent = Parameters<SurfaceHost["dispatch"]>[0];

/** Draws nodes over a host that writes a changed value back, as the engine does. */
function draw(nodes: UiNode[], answer: (event: Sent) => UiNode[] = () => []) {
  const store = new NodeStore();
  const sent: Sent[] = [];
  store.reset({ root: nodes.map((node) => node.id), nodes });
  const dispatch = (event: Sent) => {
    sent.push(event);
    store.apply({ nodes: answer(event) });
  };
  const access = new Access(() => Promise.resolve(true));
  const host: SurfaceHost = { access, dispatch, dispatchOnFrame: dispatch, range: () => undefined };
  render(<Surface nodes={store} host={host} />);
  return { store, sent };
}

function input(id: string, value: string, type: "text" | "number" = "text"): NodeOf<"input"> {
  return {
    id,
    type: "input",
    props: { label: id, value, type },
    children: [],
    events: ["change", "submit"],
  };
}

afterEach(cleanup);

describe("theme", () => {
  it("is the document's own where it names a mode, and the desktop's where it does not", () => {
    const store = new NodeStore();
    const { container, rerender } = render(<Surface nodes={store} host={null} theme={{ mode: "dark" }} />);
    expect(container.querySelector("[data-theme='dark'].bg-surface")).not.toBeNull();
    rerender(<Surface nodes={store} host={null} theme={{ accent: "#c00000" }} />);
    expect(container.querySelector("[data-theme]")).toBeNull();
  });
});

describe("typing", () => {
  it("keeps every character and tells each change", async () => {
    const { sent } = draw([input("message", "")], ({ payload }) => [
      input("message", String(payload?.value)),
    ]);
    await userEvent.type(screen.getByLabelText("message"), "hello world");
    expect(screen.getByLabelText("message")).toHaveProperty("value", "hello world");
    expect(sent.at(-1)?.payload).toEqual({ value: "hello world" });
  });

  it("keeps the caret when a character is put into the middle", async () => {
    draw([input("message", "held")], ({ payload }) => [input("message", String(payload?.value))]);
    const field = screen.getByLabelText<HTMLInputElement>("message");
    await userEvent.type(field, "l", { initialSelectionStart: 2, initialSelectionEnd: 2 });
    expect(field.value).toBe("helld");
    expect(field.selectionStart).toBe(3);
  });

  it("shows what the engine made of it, also while it has the focus", async () => {
    draw([input("draft", "")], ({ kind, payload }) => [
      input("draft", kind === "submit" ? "" : String(payload?.value)),
    ]);
    const field = screen.getByLabelText("draft");
    await userEvent.type(field, "milk{Enter}");
    expect(field).toHaveProperty("value", "");
    await userEvent.type(field, "eggs");
    expect(field).toHaveProperty("value", "eggs");
  });

  it("gives the control the id of its component", () => {
    draw([input("message", "")]);
    expect(document.querySelector("#message")).toBe(screen.getByLabelText("message"));
  });
});

describe("rendering", () => {
  it("draws again only the node that changed", () => {
    let drawn = 0;
    const watched: NodeOf<"input"> = {
      ...input("watched", ""),
      get props() {
        drawn += 1;
        return { label: "watched" };
      },
    };
    const { store } = draw([input("other", ""), watched]);
    const before = drawn;
    act(() => store.apply({ nodes: [input("other", "new")] }));
    expect(screen.getByLabelText("other")).toHaveProperty("value", "new");
    expect(drawn).toBe(before);
  });

  it("shows an unknown type by its name, and draws its children", () => {
    const child: UiNode = { id: "t", type: "text", props: { content: "inside" }, children: [], events: [] };
    const store = new NodeStore();
    const unknown: UiNode = {
      id: "u",
      type: "unknown",
      props: { type: "hologram" },
      children: ["t"],
      events: [],
    };
    store.reset({ root: ["u"], nodes: [unknown, child] });
    render(<Surface nodes={store} host={null} />);
    expect(screen.getByText("hologram")).toBeTruthy();
    expect(screen.getByText("inside")).toBeTruthy();
  });
});

describe("tables", () => {
  const rows = [
    { id: 1, title: "B", rating: 10 },
    { id: 2, title: "A", rating: 9 },
  ];
  const table: UiNode = {
    id: "t",
    type: "table",
    props: { label: "Books", columns: ["title", { key: "rating", format: "number" }], rows },
    children: [],
    events: ["row_click", "change"],
  };

  function titles(): (string | null)[] {
    return screen
      .getAllByRole("row")
      .slice(1)
      .map((row) => row.querySelector("td")?.textContent ?? null);
  }

  it("sorts by a column, both ways, and back", async () => {
    draw([table]);
    const header = screen.getByRole("button", { name: "Rating" });
    expect(titles()).toEqual(["B", "A"]);
    await userEvent.click(header);
    expect(titles()).toEqual(["A", "B"]);
    await userEvent.click(header);
    expect(titles()).toEqual(["B", "A"]);
  });

  it("tells the row that was chosen, also by keyboard", async () => {
    const { sent } = draw([table]);
    screen.getByRole("row", { name: "B 10" }).focus();
    await userEvent.keyboard("{ArrowDown}{Enter}");
    expect(sent).toEqual([
      { component: "t", kind: "row_click", payload: { row: rows[1], key: 2, index: 1 } },
      { component: "t", kind: "change", payload: { value: 2, key: 2, keys: [2] } },
    ]);
  });

  it("adds and takes away rows where many can be chosen", async () => {
    const many: UiNode = { ...table, props: { ...table.props, selection: "many", selected: [1] } };
    const { sent } = draw([many]);
    await userEvent.click(screen.getByLabelText("Select A"));
    expect(sent.at(-1)?.payload).toEqual({ value: [1, 2], key: 2, keys: [1, 2] });
    await userEvent.click(screen.getByLabelText("Select B"));
    expect(sent.at(-1)?.payload).toEqual({ value: [], key: 1, keys: [] });
    expect(screen.getByLabelText<HTMLInputElement>("Select all rows").indeterminate).toBe(true);
    await userEvent.click(screen.getByLabelText("Select all rows"));
    expect(sent.at(-1)?.payload).toEqual({ value: [1, 2], key: null, keys: [1, 2] });
  });

  it("takes no choice where none is to be made", () => {
    draw([{ ...table, props: { ...table.props, selection: "none" }, events: ["change"] }]);
    expect(screen.queryByRole("grid")).toBeNull();
    expect(document.querySelector("[aria-selected]")).toBeNull();
  });
});
