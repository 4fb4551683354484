/** Which card belongs to a number: the one entry to all that operations, loss and optimizer have to say. */
import { type Card, sum, term } from "./card.ts";
import { gradientName, MOVED, movedName, stepName } from "./names.ts";
import { split } from "./net.ts";
import { line, link } from "./ops/op.ts";
import { stepCard } from "./optimizer.ts";
import { label } from "./parts.ts";
import type { Call, Run } from "./run.ts";

export function explain(run: Run, tensor: string, index: number): Card {
  const [owner, part] = split(tensor);
  if (part.startsWith(MOVED)) return movedCard(run, `${owner}:${part.slice(MOVED.length)}`, index);
  if (owner === "loss") return run.loss.card(part, index);
  const weight = weightOf(run, owner, part);
  if (weight) return weightCard(run, weight.name, weight.kind, part, index);
  const call = run.call(owner);
  if (!call) throw new Error(`There is no layer ${owner}.`);
  if (part.startsWith("dx")) return backThrough(call, Number(part.slice(2)), index);
  if (part === "dy") return slopeCard(call, index);
  if (!call.operation) return closedCard(call, tensor, index);
  return call.operation.card(call, part, index);
}

type Kind = "itself" | "gradient" | "slot" | "step";

/** Which weight a part such as "dkernel" or "new-m.kernel" belongs to, if it does to one. */
function weightOf(run: Run, owner: string, part: string): { name: string; kind: Kind } | null {
  const exists = (name: string) => run.state.weights.has(`${owner}:${name}`);
  const found = (name: string, kind: Kind) => ({ name: `${owner}:${name}`, kind });
  if (exists(part)) return found(part, "itself");
  if (part.startsWith("d") && exists(part.slice(1))) return found(part.slice(1), "gradient");
  const dot = part.indexOf(".");
  if (dot < 0 || !exists(part.slice(dot + 1)) || run.isMoving(`${owner}:${part.slice(dot + 1)}`)) return null;
  const before = part.slice(0, dot);
  const step = ["step", "new"].includes(before) || before.startsWith("new-");
  return found(part.slice(dot + 1), step ? "step" : "slot");
}

function weightCard(run: Run, name: string, kind: Kind, part: string, index: number): Card {
  if (kind === "step") return stepCard(run, name, part, index);
  if (kind === "gradient") return gradientCard(run, name, part, index);
  const tensor = run.tensor(kind === "itself" ? name : `${split(name)[0]}:${part}`);
  const links = [gradientName(name), stepName(name)].flatMap((one) => {
    const found = run.find(one);
    return found ? [{ name: split(one)[1], cells: [link(found, index)] }] : [];
  });
  const since = run.state.steps ? `after ${run.state.steps} ${run.state.steps === 1 ? "step" : "steps"} in this page` : "as the run left it";
  const what = kind === "itself" ? "A weight of the network" : "What the optimizer remembers of this weight's gradients";
  return {
    formula: "",
    why: [`${what}, ${since}. It is a given of this step: no sum made it.`],
    blocks: links.length ? [{ kind: "table", title: "What the step makes of it", head: ["", "value"], rows: links }] : [],
    result: tensor.data[index],
    sources: [{ name: run.call(split(name)[0])?.spec.source ?? "", steps: [] }],
  };
}

/** How far the last step has moved a number: what it is, less what it was. */
function movedCard(run: Run, name: string, index: number): Card {
  const now = run.tensor(name);
  const moved = run.tensor(movedName(name)).data[index];
  const was = { value: run.was(name, index), text: "before" };
  const weight = run.state.weights.has(name);
  const why = weight ? "The optimizer moved this weight." : "No optimizer touches this number: it moved because the weights before it did.";
  return {
    formula: `Δ${label(split(name)[1])} = after the step − before`,
    why: [moved ? why : "The step has not moved it."],
    blocks: [{ kind: "lines", title: "In numbers", lines: [line(`Δ${label(split(name)[1])}`, [link(now, index), " − ", was], moved)] }],
    result: moved,
    sources: [{ name: run.call(split(name)[0])?.spec.source ?? "losses/crossentropy.py", steps: [] }],
  };
}

/** The gradient of a weight: where several calls share it, the sum of what each of them adds. */
function gradientCard(run: Run, name: string, part: string, index: number): Card {
  const calls = run.net.callsOf(split(name)[0]).map((place) => run.calls[place]);
  if (calls.some((call) => !call.operation)) return closedCard(calls[0], gradientName(name), index);
  const cards = calls.map((call) => call.operation!.card(call, part, index));
  if (cards.length === 1) return cards[0];
  return {
    ...cards[0],
    why: [`${cards.length} places of the network share this weight: what each adds to its gradient is added up.`, ...cards[0].why],
    blocks: cards.flatMap((card) => card.blocks),
    result: cards.reduce((total, card) => total + card.result, 0),
  };
}

/** The gradient of an output: what comes back from the layers that use it. */
function slopeCard(call: Call, index: number): Card {
  const { run } = call;
  const uses = run.net.consumers[call.place];
  if (!uses.length) return run.loss.slopeCard(index);
  if (uses.length === 1) return backThrough(run.calls[uses[0].place], uses[0].input, index);
  const terms = uses.map(({ place, input }) => term([link(run.calls[place].part(`dx${input}`), index)], `back through ${run.calls[place].spec.name}`));
  const total = sum("What comes back from each", terms);
  return {
    formula: "dy = Σ over uses of dx",
    why: [`It is used ${uses.length} times, and reaches the loss in each of these ways: what comes back adds up.`],
    blocks: [total],
    result: total.total,
    sources: [{ name: call.spec.source, steps: [] }],
  };
}

function backThrough(consumer: Call, input: number, index: number): Card {
  const source = consumer.run.calls[consumer.spec.inputs[input]];
  const name = source.usedOnce ? source.name("dy") : consumer.name(`dx${input}`);
  if (!consumer.operation) return closedCard(consumer, name, index);
  const card = consumer.operation.slope(consumer, input, index);
  return { ...card, why: [...card.why, `It comes back through ${consumer.spec.name}.`] };
}

function closedCard(call: Call, tensor: string, index: number): Card {
  return {
    formula: "",
    why: [`${call.spec.name} is closed: ${call.spec.closed}. Python computed this number, and the page took it over.`],
    blocks: [],
    result: call.run.tensor(tensor).data[index],
    sources: [{ name: call.spec.source, steps: [] }],
  };
}
