/** Keeps what is at the top of a view where it is when what is above it grows, shrinks, comes or goes. */

const views = new WeakMap<HTMLElement, SteadyView>();

/** The one view of a scroller: long lists may stand in long lists, and each movement is made up for once. */
export function steadyViewOf(scroller: HTMLElement): SteadyView {
  const view = views.get(scroller) ?? new SteadyView(scroller);
  views.set(scroller, view);
  return view;
}

export class SteadyView {
  readonly #scroller: HTMLElement;
  #users = 0;
  #anchor: { line: Element; place: number } | null = null;

  constructor(scroller: HTMLElement) {
    this.#scroller = scroller;
  }

  /** Begins to hold the view for one more list; the returned function ends it. */
  hold(): () => void {
    if (this.#users === 0) {
      // The browser's own anchoring would move the view a second time.
      this.#scroller.style.overflowAnchor = "none";
      this.#scroller.addEventListener("scroll", this.#remember, { passive: true });
    }
    this.#users += 1;
    return () => {
      this.#users -= 1;
      if (this.#users > 0) return;
      this.#scroller.style.overflowAnchor = "";
      this.#scroller.removeEventListener("scroll", this.#remember);
    };
  }

  /** To be called when lines changed, before they are painted. */
  settle(): void {
    const anchor = this.#anchor;
    if (anchor?.line.isConnected) {
      const moved = this.#placeOf(anchor.line) - anchor.place;
      if (Math.abs(moved) > 0.5) this.#scroller.scrollTop += moved;
    }
    this.#remember();
  }

  readonly #remember = (): void => {
    const line = this.#scroller.scrollTop > 0 ? this.#topmost() : null;
    this.#anchor = line && { line, place: this.#placeOf(line) };
  };

  /** The first line that reaches into the view and holds no lines of its own. */
  #topmost(): Element | null {
    const edge = this.#scroller.getBoundingClientRect().top;
    for (const line of this.#scroller.querySelectorAll("[data-index]")) {
      if (line.getBoundingClientRect().bottom > edge && !line.querySelector("[data-index]")) return line;
    }
    return null;
  }

  #placeOf(element: Element): number {
    const scroller = this.#scroller;
    return element.getBoundingClientRect().top - scroller.getBoundingClientRect().top + scroller.scrollTop;
  }
}
