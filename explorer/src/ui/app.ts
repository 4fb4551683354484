/** The page: what is looked at follows the address, and every choice is a change of the address. */
import { split } from "../net.ts";
import { type Show, showOf, title } from "../parts.ts";
import { type Place, read } from "../place.ts";
import { bench } from "./bench.ts";
import { cardPanel } from "./cardpanel.ts";
import { Code } from "./code.ts";
import { h, reveal, revealInWindow } from "./dom.ts";
import { keyOf, refocus } from "./focus.ts";
import { header } from "./header.ts";
import { Numbers } from "./numbers.ts";
import { drawn, loaded, type Own } from "./own.ts";
import { addressOf, batchedIn, beginning, fitted, followed, ofImage, otherSide } from "./places.ts";
import type { Session } from "./session.ts";
import { strip } from "./strip.ts";
import { Trail } from "./trail.ts";

export class App {
  private place: Place;
  private readonly bench = h("div");
  private readonly network = h("div");
  private readonly numbers = new Numbers();
  private readonly card = h("section", { class: "card", "aria-labelledby": "card-title" });
  private readonly code: Code;
  private readonly trail = new Trail(nameOf);
  private readonly message = h("p", { class: "message", role: "alert" });
  private byKeyboard = false;
  /** Until there is something that the reader asked for, the page stays where it is. */
  private opening = !read(location.hash);

  constructor(
    private readonly session: Session,
    root: HTMLElement,
  ) {
    this.code = new Code(session.contents.sources);
    this.place = beginning(session);
    const work = h("div", { class: "work" }, this.numbers.element, this.card, this.code.element);
    root.replaceChildren(header(session), this.message, this.bench, this.network, work);
    addEventListener("hashchange", () => this.follow());
    root.addEventListener("click", (event) => this.clicked(event));
    addEventListener("keydown", (event) => this.pressed(event));
    addEventListener("pointerdown", () => (this.byKeyboard = false));
    let waiting = 0;
    addEventListener("resize", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => this.renderNumbers(), 100);
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.render());
    if (read(location.hash)) this.follow();
    else this.go(this.place, true);
    this.opening = false;
  }

  // The address -----------------------------------------------------------------------------------------------------

  private go(place: Place, instead = false): void {
    const hash = addressOf(this.session, place);
    if (instead || hash === location.hash) history.replaceState(history.state, "", hash);
    else history.pushState(null, "", hash); // an assignment to location is refused in a sandboxed frame of a local file
    this.follow();
  }

  private clicked(event: MouseEvent): void {
    const link = (event.target as HTMLElement).closest<HTMLAnchorElement>('a[href^="#"]');
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    history.pushState(null, "", link.getAttribute("href"));
    this.follow();
  }

  /** See what the address says. What it says of another network, or of an image that is gone, is put right. */
  private follow(): void {
    const found = followed(this.session, location.hash, this.place);
    if (found) {
      this.place = found.place;
      this.say(found.complaint);
    }
    this.trail.note();
    this.render();
  }

  private pressed(event: KeyboardEvent): void {
    this.byKeyboard = true;
    const target = event.target as HTMLElement;
    if (event.key !== "Backspace" || target.matches("input:not([type=range]), select, textarea") || target.closest("dialog")) return;
    event.preventDefault();
    if (event.shiftKey) this.trail.forward();
    else this.trail.back();
  }

  // What is seen ----------------------------------------------------------------------------------------------------

  private get show(): Show {
    return showOf(this.session.run, this.place.tensor);
  }

  /** The place of the image in the batch. */
  private get turn(): number {
    return Math.max(this.session.batch.indexOf(this.place.image), 0);
  }

  private render(): void {
    const held = keyOf(document.activeElement as HTMLElement | null);
    this.renderBench();
    const scrolled = this.network.firstElementChild?.scrollLeft ?? 0;
    this.network.replaceChildren(
      strip({ run: this.session.run, show: this.show, tensor: this.place.tensor, image: this.turn, choose: (tensor) => this.go({ ...this.place, tensor, index: null }) }),
    );
    const row = this.network.firstElementChild as HTMLElement;
    row.scrollLeft = scrolled;
    reveal(row.querySelector("[aria-pressed=true]")?.closest("li"), row);
    this.renderNumbers();
    this.renderCard();
    refocus(held, this.bench, this.network);
  }

  private renderBench(): void {
    const { session, place } = this;
    this.bench.replaceChildren(
      bench({
        session,
        show: this.show,
        image: place.image,
        choose: (image) => this.choose(image),
        alone: (alone) => this.alone(alone),
        switchTo: (show) => this.go(otherSide(session, this.place, show)),
        step: () => this.changed(() => session.step()),
        back: () => this.changed(() => session.back()),
        draw: async () => this.take(await drawn(session.side)),
        load: async () => this.take(await loaded(session.side)),
        relabel: (label) => this.changed(() => session.relabel(place.image, label)),
      }),
    );
  }

  private renderNumbers(): void {
    const { run, contents, net } = this.session;
    const tensor = run.tensor(this.place.tensor);
    const [owner, part] = split(tensor.name);
    const end = owner === "loss" || owner === net.calls[net.last].name;
    const named = end && tensor.shape[tensor.shape.length - 1] === contents.classes.length && !part.endsWith("each");
    this.numbers.show({
      place: this.place,
      tensor,
      batched: batchedIn(this.session, tensor),
      image: this.turn,
      classes: named ? contents.classes : null,
      width: this.numbers.element.clientWidth,
      open: (index, byKeyboard) => {
        this.byKeyboard = byKeyboard;
        this.go({ ...this.place, index });
      },
      choose: (channel) => this.go({ ...this.place, channel, index: null }, true),
    });
  }

  private renderCard(): void {
    const { heading, body, sources } = cardPanel(this.session, this.place);
    this.card.replaceChildren(this.trail.element, heading, ...body);
    this.code.show(sources);
    if (this.place.index === null) return;
    if (this.byKeyboard) heading.focus({ preventScroll: false });
    else if (matchMedia("(max-width: 900px)").matches && !this.opening) revealInWindow(heading);
  }

  // What is done ----------------------------------------------------------------------------------------------------

  private say(sentence: string): void {
    this.message.textContent = sentence;
  }

  private changed(change: () => void): void {
    change();
    this.go(fitted(this.session, this.place), true);
  }

  private choose(image: number): void {
    const own = this.session.images[image].stored === null;
    const alone = own || (this.place.batch === "one" && this.session.images[this.place.image].stored !== null);
    this.go(ofImage(this.session, this.place, image, alone));
  }

  private alone(alone: boolean): void {
    const own = this.session.images[this.place.image].stored === null;
    this.go(ofImage(this.session, this.place, own && !alone ? 0 : this.place.image, alone));
  }

  private take(own: Own | string | null): void {
    this.say(typeof own === "string" ? own : "");
    if (own === null || typeof own === "string") return;
    const image = this.session.add({ ...own, label: 0, known: false, stored: null });
    this.go({ ...this.place, image, batch: "one", index: null });
  }
}

function nameOf(hash: string): string {
  const place = read(hash);
  return place ? `${title(place.tensor)}${place.at ? `[${place.at.join(", ")}]` : ""}` : "start";
}
