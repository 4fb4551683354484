/** Where one came from: the browser's own history, and the last few places of it to be seen. */
import { h } from "./dom.ts";

const SHOWN = 5;

export class Trail {
  readonly element = h("nav", { class: "trail", "aria-label": "Where you came from" });
  private visited: string[] = [];
  private at = -1;

  constructor(private readonly nameOf: (hash: string) => string) {}

  /** The address has changed: by a link, or by going back or forward. */
  note(): void {
    const known = (history.state as { trail?: number } | null)?.trail;
    if (known !== undefined && known < this.visited.length) this.at = known;
    else {
      this.visited = [...this.visited.slice(0, this.at + 1), location.hash];
      this.at = this.visited.length - 1;
      history.replaceState({ trail: this.at }, "");
    }
    this.visited[this.at] = location.hash;
    this.draw();
  }

  back(): void {
    if (this.at > 0) history.back();
  }

  forward(): void {
    if (this.at < this.visited.length - 1) history.forward();
  }

  private draw(): void {
    const first = Math.max(0, this.at - SHOWN + 1);
    const items = this.visited.slice(first, this.at).map((hash, k) => {
      const steps = first + k - this.at;
      return h("li", {}, h("button", { type: "button", onclick: () => history.go(steps) }, this.nameOf(hash)));
    });
    this.element.replaceChildren(
      h("button", { type: "button", class: "arrow", "aria-label": "Back", title: "Back (Backspace)", disabled: this.at <= 0, onclick: () => this.back() }, "←"),
      h("button", { type: "button", class: "arrow", "aria-label": "Forward", title: "Forward (Shift+Backspace)", disabled: this.at >= this.visited.length - 1, onclick: () => this.forward() }, "→"),
      h("ol", {}, ...items),
    );
  }
}
