/** The network as a row of tensors, each with its picture, and what else there is to see of it. */
import { MOVED, movedName } from "../names.ts";
import { split } from "../net.ts";
import { label, partsOf, type Show, title } from "../parts.ts";
import type { Call, Run } from "../run.ts";
import { h, roving } from "./dom.ts";
import { signed } from "./format.ts";
import { picture } from "./pictures.ts";
import { isBatched } from "./views.ts";

export interface StripOptions {
  run: Run;
  show: Show;
  tensor: string;
  /** The place of the image in the batch. */
  image: number;
  choose(tensor: string): void;
}

export function strip(options: StripOptions): HTMLElement {
  const { run, show } = options;
  const stations = run.calls.map((call) => station(call, options));
  if (show !== "step") stations.push(lossStation(options));
  const list = h("ol", { class: "strip" }, ...stations);
  const buttons = [...list.querySelectorAll<HTMLElement>("button")];
  const current = buttons.findIndex((button) => button.getAttribute("aria-pressed") === "true");
  const toolbar = h("nav", { class: "network", "aria-label": "The network, tensor by tensor" }, list);
  roving(toolbar, buttons, Math.max(current, 0));
  return toolbar;
}

function station(call: Call, options: StripOptions): HTMLElement {
  const { run, show } = options;
  const parts = partsOf(run, call, show);
  const head = h("div", { class: "layer" }, h("b", {}, call.spec.name), h("span", {}, call.spec.kind));
  if (call.spec.closed) {
    return h("li", { class: "closed" }, head, h("p", { title: call.spec.closed }, "closed: ", call.spec.closed), chips(parts, options));
  }
  const nothing = { values: "no numbers", gradients: "no gradient", step: "no weights", change: "stays as it is" }[show];
  if (!parts.length) return h("li", { class: "empty" }, head, h("p", {}, nothing));
  return h("li", {}, head, framed(parts[0], options), chips(parts.slice(1), options));
}

function framed(name: string, options: StripOptions): HTMLElement {
  const { run, image } = options;
  const tensor = run.tensor(name);
  const batched = isBatched(tensor, run.N, isWeight(run, name));
  const shape = batched ? tensor.shape.slice(1) : tensor.shape;
  const thin = !batched ? tensor.shape.length < 2 : tensor.shape.length === 2 && tensor.shape[1] <= 12;
  return h(
    "button",
    { ...pressed(name, options), class: thin ? "frame thin" : "frame", "aria-label": `${split(name)[0]}: ${label(split(name)[1])} ${shape.join("×")}` },
    picture(tensor, batched, image),
    h("span", { class: "what" }, h("i", {}, label(split(name)[1])), ` ${shape.join("×")}`),
  );
}

/** What else there is of a call; of steps, weight by weight. */
function chips(names: string[], options: StripOptions): HTMLElement {
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const group = options.show === "step" ? name.slice(name.lastIndexOf(".") + 1) : "";
    groups.set(group, [...(groups.get(group) ?? []), name]);
  }
  const rows = [...groups].map(([group, members]) =>
    h("div", { class: "chips" }, group ? h("span", { class: "group" }, group) : null, ...members.map((name) => chip(name, group, options))),
  );
  return h("div", {}, ...rows);
}

function chip(name: string, group: string, options: StripOptions): HTMLElement {
  const whole = label(split(name)[1]);
  const text = group ? whole.replace(` of ${group}`, "").replace(` ${group}`, "") : whole;
  return h("button", { ...pressed(name, options), class: "chip", "aria-label": title(name) }, text);
}

function pressed(name: string, { tensor, choose }: StripOptions): Record<string, unknown> {
  return { type: "button", "aria-pressed": String(name === tensor), onclick: () => choose(name), "data-tensor": name };
}

function lossStation(options: StripOptions): HTMLElement {
  const { run, show } = options;
  const values = ["loss:L", "loss:each", "loss:p", "loss:t"];
  const names = show === "values" ? values : show === "change" ? values.slice(0, 3).map(movedName) : [];
  const known = names.filter((name) => run.find(name));
  const head = h("div", { class: "layer" }, h("b", {}, "loss"), h("span", {}, "cross-entropy"));
  const text = show === "change" ? signed(run.tensor(movedName("loss:L")).data[0], 2) : run.tensor("loss:L").data[0].toFixed(4);
  const value = h("p", { class: "loss" }, text);
  return h("li", { class: "end" }, head, value, chips(known, options));
}

export function isWeight(run: Run, name: string): boolean {
  const [owner, whole] = split(name);
  const part = whole.startsWith(MOVED) ? whole.slice(MOVED.length) : whole;
  return owner === "loss" ? false : part.includes(".") || run.state.weights.has(`${owner}:${part}`) || run.state.weights.has(`${owner}:${part.slice(1)}`);
}
