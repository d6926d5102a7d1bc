/** The document every figure is measured on: one key and what it shows, beside components that do not care. */
export function calculatorBeside(others) {
  const neighbours = Array.from({ length: others }, (_, index) => ({
    type: "text",
    props: { content: `{{ n${index} }}` },
  }));
  return {
    type: "app",
    title: "Calculator",
    state: {
      digits: "0",
      ...Object.fromEntries(neighbours.map((_, index) => [`n${index}`, index])),
    },
    components: [
      { type: "text", id: "display", props: { content: "{{ digits }}" } },
      {
        type: "button",
        id: "toggle",
        props: { text: "7" },
        on_event: {
          click: {
            tool: "ui.set_state",
            args: { path: "digits", value: "{{ '0' if digits == '7' else '7' }}" },
          },
        },
      },
      ...neighbours,
    ],
  };
}
