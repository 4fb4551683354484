/** The card of the number that is open: its value, what the last step did to it, and the sum that made it. */
import { explain } from "../explain.ts";
import { movedName } from "../names.ts";
import { split } from "../net.ts";
import { title } from "../parts.ts";
import type { Place } from "../place.ts";
import type { Source } from "../card.ts";
import { cardView } from "./cardview.ts";
import { h } from "./dom.ts";
import { full, signed } from "./format.ts";
import { addressOf, called } from "./places.ts";
import type { Session } from "./session.ts";

export interface CardPanel {
  heading: HTMLElement;
  body: HTMLElement[];
  sources: Source[];
}

export function cardPanel(session: Session, place: Place): CardPanel {
  return place.index === null ? invitation(session, place) : opened(session, place, place.index);
}

function invitation(session: Session, place: Place): CardPanel {
  const file = session.run.call(split(place.tensor)[0])?.spec.source ?? "losses/crossentropy.py";
  const how = "It opens into the sum that made it. Every factor of the sum is a link to the number it is, so one can go on from there: forward to the image, back to the loss.";
  return { heading: h("h2", { id: "card-title" }, "Click a number"), body: [h("p", { class: "why" }, how)], sources: [{ name: file, steps: [] }] };
}

function opened(session: Session, place: Place, index: number): CardPanel {
  const { run } = session;
  const card = explain(run, place.tensor, index);
  const value = run.tensor(place.tensor).data[index];
  const href = (tensor: string, i: number) => addressOf(session, { ...place, tensor, index: i });
  const context = { href, called: (tensor: string, i: number) => called(session, tensor, i), tensor: (tensor: string) => title(tensor).replace(" · ", " ") };
  return {
    heading: h("h2", { id: "card-title", tabindex: -1 }, called(session, place.tensor, index)),
    body: [
      h("p", { class: value < 0 ? "number below" : "number above", "data-value": String(value), "data-result": String(card.result) }, full(value)),
      ...moved(session, place.tensor, index, href),
      ...cardView(card, context),
    ],
    sources: card.sources,
  };
}

function moved({ run }: Session, tensor: string, index: number, href: (tensor: string, index: number) => string): HTMLElement[] {
  const name = movedName(tensor);
  const by = run.moved.get(name)?.data[index];
  if (!by) return [];
  return [h("p", { class: "moved" }, "The step moved it by ", h("a", { href: href(name, index) }, signed(by)), `: it was ${signed(run.was(tensor, index))}.`)];
}
