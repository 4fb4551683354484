/** The page: what is looked at follows the address, and every choice is a change of the address. */
import { explain } from "../explain.ts";
import { split } from "../net.ts";
import { label, partner, type Show, showOf, title } from "../parts.ts";
import { type Place, read, written } from "../place.ts";
import { flat, indices, type Tensor } from "../tensor.ts";
import { bench } from "./bench.ts";
import { cardView } from "./cardview.ts";
import { Code } from "./code.ts";
import { h } from "./dom.ts";
import { count, full, signed } from "./format.ts";
import { Numbers } from "./numbers.ts";
import { drawn, loaded, type Own } from "./own.ts";
import type { Session } from "./session.ts";
import { isWeight, strip } from "./strip.ts";
import { Trail } from "./trail.ts";
import { isBatched } from "./views.ts";

export class App {
  private place: Place;
  private readonly bench = h("div");
  private readonly network = h("div");
  private readonly numbers = new Numbers();
  private readonly card = h("section", { class: "card", "aria-labelledby": "card-title" });
  private readonly code: Code;
  private readonly trail: Trail;
  private readonly message = h("p", { class: "message", role: "alert" });
  private byKeyboard = false;

  constructor(
    private readonly session: Session,
    root: HTMLElement,
  ) {
    this.code = new Code(session.contents.sources);
    this.trail = new Trail((hash) => this.nameOf(hash));
    this.place = { tensor: session.net.calls[0].name + ":y", index: null, image: 0, channel: 0, batch: "all" };
    const work = h("div", { class: "work" }, this.numbers.element, this.card, this.code.element);
    root.replaceChildren(this.header(), this.message, this.bench, this.network, work);
    addEventListener("hashchange", () => this.follow());
    addEventListener("keydown", (event) => this.pressed(event));
    addEventListener("pointerdown", () => (this.byKeyboard = false));
    let waiting = 0;
    addEventListener("resize", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => this.renderNumbers(), 100);
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.render());
    if (read(location.hash)) this.follow();
    else this.go({ ...this.place, ...this.beginning() }, true);
  }

  /** Where a reader starts: the largest number of the first layer that sums anything. */
  private beginning(): Partial<Place> {
    const { run } = this.session;
    const call = run.calls.find((one) => one.operation && run.net.weightsOf(one.spec).length) ?? run.calls[0];
    const tensor = call.has("z") ? call.part("y") : call.y;
    const each = tensor.data.length / run.N;
    const own = tensor.data.subarray(0, each);
    const index = own.reduce((best, value, i) => (Math.abs(value) > Math.abs(own[best]) ? i : best), 0);
    const channel = tensor.shape.length === 4 ? indices(tensor.shape, index)[3] : 0;
    return { tensor: tensor.name, index, channel };
  }

  private header(): HTMLElement {
    const { contents, verdict } = this.session;
    const agree = `${count(verdict.numbers)} numbers recomputed here; the samples agree to 1e-12`;
    const differ = `The numbers recomputed here differ from Python's: ${verdict.where} by ${verdict.worst.toExponential(1)}. Do not trust this page.`;
    return h(
      "header",
      { class: "top" },
      h("h1", {}, h("b", {}, contents.title), h("span", {}, " · every number opens into its sum")),
      h("p", { id: "check", class: verdict.ok ? "check" : "check wrong", role: "status", title: `${verdict.compared} sums and entries compared, worst difference ${verdict.worst.toExponential(1)}` }, verdict.ok ? "✓ " : "✗ ", verdict.ok ? agree : differ),
    );
  }

  // The address -----------------------------------------------------------------------------------------------------

  private address(place: Place): string {
    const tensor = this.session.run.find(place.tensor);
    return written(place, tensor?.shape ?? [], (index) => indices(tensor!.shape, index));
  }

  private go(place: Place, instead = false): void {
    const hash = this.address(place);
    if (instead || hash === location.hash) {
      history.replaceState(history.state, "", hash);
      this.follow();
    } else location.hash = hash;
  }

  /** See what the address says. What it says of another network, or of an image that is gone, is put right. */
  private follow(): void {
    const wanted = read(location.hash);
    if (wanted) {
      const image = Math.min(wanted.image, this.session.images.length - 1);
      const own = this.session.images[image].stored === null;
      const batch = own || wanted.batch === "one" ? "one" : "all";
      if (!this.session.fixed) this.session.setBatch(batch === "one" ? [image] : this.session.given);
      const tensor = this.session.run.find(wanted.tensor);
      this.say(tensor ? "" : `This network has no tensor ${wanted.tensor}.`);
      const name = tensor ? wanted.tensor : this.place.tensor;
      const index = tensor ? placed(tensor, wanted.at) : null;
      this.place = { tensor: name, index, image, channel: wanted.channel, batch };
      this.fitPlace();
    }
    this.trail.note();
    this.render();
  }

  /** Have image and channel agree with the number that is open. */
  private fitPlace(): void {
    const { run, batch } = this.session;
    const tensor = run.tensor(this.place.tensor);
    const batched = isBatched(tensor, run.N, isWeight(run, tensor.name));
    const channels = batched && tensor.shape.length === 4 ? tensor.shape[3] : 1;
    this.place.channel = Math.min(this.place.channel, channels - 1);
    if (this.place.index === null || !batched) return;
    const at = indices(tensor.shape, this.place.index);
    this.place.image = batch[at[0]];
    if (channels > 1) this.place.channel = at[3];
  }

  private nameOf(hash: string): string {
    const place = read(hash);
    return place ? `${title(place.tensor)}${place.at ? `[${place.at.join(", ")}]` : ""}` : "start";
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
    const focused = document.activeElement as HTMLElement | null;
    const held = keyOf(focused);
    this.renderBench();
    this.network.replaceChildren(
      strip({ run: this.session.run, show: this.show, tensor: this.place.tensor, image: this.turn, choose: (tensor) => this.go({ ...this.place, tensor, index: null }) }),
    );
    this.network.querySelector("[aria-pressed=true]")?.closest("li")?.scrollIntoView({ block: "nearest", inline: "nearest" });
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
        switchTo: (show) => this.switchTo(show),
        step: () => this.changed(() => session.step()),
        back: () => this.changed(() => session.back()),
        draw: async () => this.take(await drawn(session.side)),
        load: async () => this.take(await loaded(session.side)),
        relabel: (label) => this.changed(() => session.relabel(place.image, label)),
      }),
    );
  }

  private renderNumbers(): void {
    const { run, contents } = this.session;
    const tensor = run.tensor(this.place.tensor);
    const C = contents.classes.length;
    const [owner, part] = split(tensor.name);
    const end = owner === "loss" || owner === this.session.net.calls[this.session.net.last].name;
    this.numbers.show({
      place: this.place,
      tensor,
      batched: isBatched(tensor, run.N, isWeight(run, tensor.name)),
      image: this.turn,
      classes: end && tensor.shape[tensor.shape.length - 1] === C && part !== "each" ? contents.classes : null,
      width: this.numbers.element.clientWidth,
      open: (index, byKeyboard) => {
        this.byKeyboard = byKeyboard;
        this.go({ ...this.place, index });
      },
      choose: (channel) => this.go({ ...this.place, channel, index: null }, true),
    });
  }

  private renderCard(): void {
    const { place } = this;
    const { run, before } = this.session;
    if (place.index === null) {
      this.card.replaceChildren(
        this.trail.element,
        h("h2", { id: "card-title" }, "Click a number"),
        h("p", { class: "why" }, "It opens into the sum that made it. Every factor of the sum is a link to the number it is, so one can go on from there: forward to the image, back to the loss."),
      );
      this.code.show([{ name: this.sourceOf(place.tensor), steps: [] }]);
      return;
    }
    const { index } = place;
    const card = explain(run, place.tensor, index);
    const value = run.tensor(place.tensor).data[index];
    const was = before?.find(place.tensor)?.data[index];
    const heading = h("h2", { id: "card-title", tabindex: -1 }, this.called(place.tensor, index));
    this.card.replaceChildren(
      this.trail.element,
      heading,
      h("p", { class: value < 0 ? "number below" : "number above", "data-value": String(value), "data-result": String(card.result) }, full(value)),
      ...(was === undefined || was === value ? [] : [h("p", { class: "moved" }, `The step moved it by ${signed(value - was)}: it was ${signed(was)}.`)]),
      ...cardView(card, { href: (tensor, i) => this.hrefOf(tensor, i), called: (tensor, i) => this.called(tensor, i), tensor: (tensor) => title(tensor).replace(" · ", " ") }),
    );
    this.code.show(card.sources);
    if (this.byKeyboard) heading.focus({ preventScroll: false });
    else if (matchMedia("(max-width: 900px)").matches) heading.scrollIntoView({ block: "nearest" });
  }

  private sourceOf(tensor: string): string {
    return this.session.run.call(split(tensor)[0])?.spec.source ?? "losses/crossentropy.py";
  }

  private hrefOf(tensor: string, index: number): string {
    return this.address({ ...this.place, tensor, index });
  }

  private called(tensor: string, index: number): string {
    const [owner, part] = split(tensor);
    const { shape } = this.session.run.tensor(tensor);
    return `${owner} ${label(part)}[${indices(shape, index).join(", ")}]`;
  }

  // What is done ----------------------------------------------------------------------------------------------------

  private say(sentence: string): void {
    this.message.textContent = sentence;
  }

  private changed(change: () => void): void {
    change();
    this.fitPlace();
    this.render();
  }

  private choose(image: number): void {
    const own = this.session.images[image].stored === null;
    const alone = own || (this.place.batch === "one" && this.session.images[this.place.image].stored !== null);
    this.go({ ...this.place, image, batch: alone ? "one" : "all", index: this.sameNumber(image, alone) });
  }

  private alone(alone: boolean): void {
    const own = this.session.images[this.place.image].stored === null;
    const image = own && !alone ? 0 : this.place.image;
    this.go({ ...this.place, image, batch: alone ? "one" : "all", index: this.sameNumber(image, alone) });
  }

  /** The number that is open, in another image, or in a batch of another size. */
  private sameNumber(image: number, alone: boolean): number | null {
    const { run } = this.session;
    const tensor = run.tensor(this.place.tensor);
    if (this.place.index === null || !isBatched(tensor, run.N, isWeight(run, tensor.name))) return this.place.index;
    const each = tensor.data.length / run.N;
    const batch = alone ? [image] : this.session.given;
    const found = this.place.index % each + each * Math.max(batch.indexOf(image), 0);
    return found < tensor.data.length ? found : found % each;
  }

  private switchTo(show: Show): void {
    const { run } = this.session;
    const tensor = partner(run, this.place.tensor, show);
    const same = run.tensor(tensor).shape.join() === run.tensor(this.place.tensor).shape.join();
    this.go({ ...this.place, tensor, index: same ? this.place.index : null });
  }

  private take(own: Own | string | null): void {
    this.say(typeof own === "string" ? own : "");
    if (own === null || typeof own === "string") return;
    const image = this.session.add({ ...own, label: 0, known: false, stored: null });
    this.go({ ...this.place, image, batch: "one", index: null });
  }
}

/** The number at these indices; null if there is none. */
function placed(tensor: Tensor, at: number[] | null): number | null {
  if (!at || at.length !== tensor.shape.length || at.some((n, axis) => n >= tensor.shape[axis])) return null;
  return flat(tensor.shape, at);
}

/** What a button can be found by once it has been made anew. */
function keyOf(element: HTMLElement | null): string | null {
  if (!element || !element.matches("button, select")) return null;
  return element.dataset.tensor ?? element.getAttribute("aria-label") ?? element.textContent;
}

function refocus(key: string | null, ...roots: HTMLElement[]): void {
  if (!key || document.activeElement !== document.body) return;
  for (const root of roots)
    for (const button of root.querySelectorAll<HTMLElement>("button, select"))
      if (keyOf(button) === key) {
        button.focus({ preventScroll: true });
        return;
      }
}
