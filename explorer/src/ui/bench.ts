/** What is put in and what comes out: the images, what the network says of one, and the switches. */
import type { Show } from "../parts.ts";
import { h, roving } from "./dom.ts";
import { percent, signed } from "./format.ts";
import { photo } from "./pictures.ts";
import type { Session } from "./session.ts";

export interface BenchOptions {
  session: Session;
  show: Show;
  /** Which of the images is looked at. */
  image: number;
  choose(image: number): void;
  alone(alone: boolean): void;
  switchTo(show: Show): void;
  step(): void;
  back(): void;
  draw(): void;
  load(): void;
  relabel(label: number): void;
}

export function bench(options: BenchOptions): HTMLElement {
  return h("section", { class: "bench", "aria-label": "Images and switches" }, images(options), says(options), switches(options));
}

function images(options: BenchOptions): HTMLElement {
  const { session, image } = options;
  const buttons = session.images.map((one, n) =>
    h(
      "button",
      {
        type: "button",
        class: session.batch.includes(n) ? "image" : "image out",
        "aria-pressed": String(n === image),
        "aria-label": `${one.name}, ${session.contents.classes[one.label]}`,
        title: `${one.name}: ${session.contents.classes[one.label]}`,
        onclick: () => options.choose(n),
      },
      photo(one.pixels, session.side),
    ),
  );
  const row = h("div", { class: "images", role: "group", "aria-label": "Images" }, ...buttons);
  roving(row, buttons, image);
  const locked = session.fixed;
  const own = h(
    "div",
    { class: "own" },
    h("button", { type: "button", onclick: options.draw, disabled: Boolean(locked), title: locked ?? "" }, "Draw one"),
    h("button", { type: "button", onclick: options.load, disabled: Boolean(locked), title: locked ?? "" }, "Load one"),
  );
  return h("div", { class: "panel" }, h("h2", {}, "Images"), row, own, batchSwitch(options));
}

function batchSwitch(options: BenchOptions): HTMLElement {
  const { session } = options;
  const alone = session.batch.length === 1;
  const all = session.given.length;
  const locked = Boolean(session.fixed) || all === 1;
  const button = (name: string, on: boolean, act: () => void) =>
    h("button", { type: "button", "aria-pressed": String(on), disabled: locked, onclick: act }, name);
  return h(
    "div",
    { class: "segments", role: "group", "aria-label": "Batch" },
    button(`batch of ${all}`, !alone, () => options.alone(false)),
    button("this one alone", alone, () => options.alone(true)),
  );
}

function says(options: BenchOptions): HTMLElement {
  const { session, image } = options;
  const place = Math.max(session.batch.indexOf(image), 0);
  const p = session.says(place);
  const one = session.images[image];
  const best = p.indexOf(Math.max(...p));
  const rows = p.map((share, k) => {
    const bar = h("span", { class: "bar", "aria-hidden": "true" });
    bar.style.setProperty("--share", String(share));
    const kind = [k === one.label ? "truth" : "", k === best ? "best" : ""].join(" ");
    return h("tr", { class: kind }, h("th", { scope: "row" }, session.contents.classes[k]), h("td", {}, bar), h("td", { class: "value" }, percent(share)));
  });
  const verdict = !one.known ? "label assumed" : best === one.label ? "right" : "wrong";
  return h(
    "div",
    { class: "panel says" },
    h("h2", {}, "The network says"),
    h("table", {}, h("tbody", {}, ...rows)),
    h("p", { class: "facts" }, h("b", {}, one.name), ` is ${session.contents.classes[one.label]}: ${verdict}`, one.done ? ` · ${one.done}` : ""),
    one.known ? null : labelChoice(options),
    session.differs ? h("p", { class: "facts" }, "At inference. The tensors below are those of a training step: normalized over this batch, dropped as Python drew it.") : null,
  );
}

function labelChoice({ session, image, relabel }: BenchOptions): HTMLElement {
  const select = h(
    "select",
    { onchange: () => relabel(Number(select.value)) },
    ...session.contents.classes.map((name, k) => h("option", { value: k, selected: k === session.images[image].label }, name)),
  );
  return h("label", { class: "facts" }, "train it as ", select);
}

function switches(options: BenchOptions): HTMLElement {
  const { session, show } = options;
  const noStep = session.contents.optimizer.closed ? (session.noStep ?? "") : null;
  const views: [Show, string, string | null][] = [
    ["values", "Values", null],
    ["gradients", "Gradients", null],
    ["step", "Step", noStep],
    ["change", "Change", session.before ? null : "What one step has moved: take one first."],
  ];
  const segments = h(
    "div",
    { class: "segments", role: "group", "aria-label": "Show" },
    ...views.map(([one, name, locked]) =>
      h("button", { type: "button", "aria-pressed": String(one === show), disabled: locked !== null, title: locked ?? "", onclick: () => options.switchTo(one) }, name),
    ),
  );
  const { steps } = session.state;
  const [before, now] = session.losses;
  const locked = session.noStep;
  const moved = before === null ? "" : ` (${signed(now - before, 3)})`;
  return h(
    "div",
    { class: "panel" },
    h("h2", {}, "Show"),
    segments,
    h("h2", {}, "Time"),
    h(
      "div",
      { class: "time" },
      h("button", { type: "button", onclick: options.back, disabled: steps === 0 }, "← Back"),
      h("button", { type: "button", class: "main", onclick: options.step, disabled: Boolean(locked), title: locked ?? "" }, "One step →"),
    ),
    h("p", { class: "facts", role: "status" }, h("b", {}, `loss ${now.toFixed(4)}`), moved, steps ? ` after ${steps} ${steps === 1 ? "step" : "steps"} on this page` : ` as the run left it`),
    locked ? h("p", { class: "facts" }, locked) : null,
  );
}
