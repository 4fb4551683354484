/** What every operation of the page is: a layer's forward and backward, and how each number of it came about. */
import { activation, softmaxRows } from "../activations.ts";
import type { Block, Card, Factor, Line, Source } from "../card.ts";
import type { Call } from "../run.ts";
import { largest, type Tensor } from "../tensor.ts";

export interface Op {
  /** Fill the call's y, and whatever else it names on the way. */
  forward(call: Call): void;
  /** From the call's dy, fill dx of its inputs and add to its weights' gradients. */
  backward(call: Call): void;
  /** How a number of the call's own came about: of y, z, dz, … or a part of the gradient of a weight. */
  card(call: Call, part: string, index: number): Card;
  /** How the gradient of an input came about, as far as this call goes. */
  slope(call: Call, input: number, index: number): Card;
}

export function link(tensor: Tensor, index: number): Factor {
  return { value: tensor.data[index], ref: { tensor: tensor.name, index } };
}

export function line(name: string, parts: Line["parts"], value: number, step?: number): Line {
  return { name, parts, value, step };
}

/** A card of one line. */
export function oneLine(call: Call, formula: string, why: string[], one: Line, blocks: Block[] = []): Card {
  return {
    formula,
    why,
    blocks: [{ kind: "lines", title: "In numbers", lines: [one] }, ...blocks],
    result: one.value,
    sources: [source(call, one.step === undefined ? [] : [one.step])],
  };
}

export function source(call: Call, steps: number[]): Source {
  return { name: call.spec.source, steps };
}

/** Where a call keeps what it has before its activation: z, or y itself if there is none. */
export function rawPart(call: Call): "z" | "y" {
  return call.spec.config.activation?.name === "linear" ? "y" : "z";
}

/** Where it keeps the gradient of that. */
export function rawSlope(call: Call): "dz" | "dy" {
  return rawPart(call) === "z" ? "dz" : "dy";
}

/** y = f(z). */
export function activate(call: Call, z: Float64Array, y: Float64Array): void {
  const spec = call.spec.config.activation!;
  const f = activation(spec)?.f;
  if (spec.name === "softmax") softmaxRows(z, call.spec.shape[call.spec.shape.length - 1], y);
  else if (f) for (let i = 0; i < z.length; i++) y[i] = f(z[i]);
  else y.set(z);
}

/** dz, from dy, or from the loss where softmax and loss are one step. */
export function activationSlope(call: Call, z: Float64Array, dz: Float64Array): void {
  if (call.fused) {
    call.run.loss.slopes(dz);
    return;
  }
  const spec = call.spec.config.activation!;
  const y = call.y.data;
  const dy = slopeOfOutput(call).data;
  if (spec.name === "softmax") {
    const C = call.spec.shape[call.spec.shape.length - 1];
    for (let row = 0; row < y.length; row += C) {
      let s = 0;
      for (let k = 0; k < C; k++) s += dy[row + k] * y[row + k];
      for (let k = 0; k < C; k++) dz[row + k] = y[row + k] * (dy[row + k] - s);
    }
    return;
  }
  const slope = activation(spec)?.slope;
  for (let i = 0; i < dz.length; i++) dz[i] = slope ? dy[i] * slope(z[i], y[i]) : dy[i];
}

/** The gradient that arrives; for the last call it comes from the loss, where that is a step of its own. */
export function slopeOfOutput(call: Call): Tensor {
  if (call.place === call.run.net.last && !call.has("dy")) call.run.loss.slopes(call.make("dy").data);
  return call.has("dy") ? call.part("dy") : call.make("dy");
}

/** What an activation did to a number, and how it is called in the page. */
export function activationCard(call: Call, z: Tensor, index: number, before: Card | null): Card {
  const blocks: Block[] = before?.blocks ?? [];
  const sources = before?.sources ?? [];
  const spec = call.spec.config.activation!;
  const { y } = call;
  if (spec.name === "softmax") {
    if (call.fused) {
      const card = call.run.loss.probabilityCard(y, index);
      return { ...card, blocks: [...card.blocks, ...blocks], sources: [...sources, ...card.sources] };
    }
    return rowCard(call, z, index, blocks);
  }
  const f = activation(spec)!;
  const value = f.f(z.data[index]);
  const [why] = f.why(z.data[index], y.data[index]);
  return {
    formula: [`y = ${f.formula}`, before?.formula].filter(Boolean).join("\n"),
    why: [...(why ? [`${why[0].toUpperCase()}${why.slice(1)}.`] : []), ...(before?.why ?? [])],
    blocks: [
      { kind: "lines", title: "The activation", lines: [line("y", [`${spec.name}(`, link(z, index), ")"], value)] },
      ...blocks,
    ],
    result: value,
    sources: [...sources, { name: spec.class, steps: [] }, source(call, [])],
  };
}

function rowCard(call: Call, z: Tensor, index: number, blocks: Block[]): Card {
  const C = call.spec.shape[call.spec.shape.length - 1];
  const row = z.data.subarray(index - (index % C), index - (index % C) + C);
  const most = Math.max(...row);
  const log = most + Math.log(row.reduce((total, one) => total + Math.exp(one - most), 0));
  const value = Math.exp(z.data[index] - log);
  return oneLine(
    call,
    "y[k] = e^z[k] / Σ_j e^z[j]",
    ["Its share in the sum of all eᶻ of the row."],
    line("y", ["exp(", link(z, index), ` − ${log.toPrecision(6)})`], value),
    blocks,
  );
}

/** dz = dy·f'(z). */
export function activationSlopeCard(call: Call, z: Tensor, index: number, before: Card | null): Card {
  if (call.fused) return call.run.loss.slopeCard(index);
  const spec = call.spec.config.activation!;
  const dy = call.part("dy");
  if (spec.name === "softmax") return softmaxSlopeCard(call, index);
  const f = activation(spec)!;
  const slope = f.slope(z.data[index], call.y.data[index]);
  const value = dy.data[index] * slope;
  const why = f.why(z.data[index], call.y.data[index])[1];
  const weighted = call.spec.kind === "Conv2D" || call.spec.kind === "Dense";
  const own = { name: spec.class, steps: [f.step] };
  return {
    formula: "dz = dy · f′(z)",
    why: [`${why[0].toUpperCase()}${why.slice(1)}.`],
    blocks: [
      {
        kind: "lines",
        title: "The activation's slope",
        lines: [line("dz", [link(dy, index), " × ", { value: slope, text: `${spec.name}′` }, " at z = ", link(z, index)], value, weighted ? 3 : f.step)],
      },
      ...(before ? before.blocks : []),
    ],
    result: value,
    sources: weighted ? [source(call, [3]), own] : [own],
  };
}

function softmaxSlopeCard(call: Call, index: number): Card {
  const C = call.spec.shape[call.spec.shape.length - 1];
  const first = index - (index % C);
  const { y } = call;
  const dy = call.part("dy");
  let s = 0;
  for (let k = 0; k < C; k++) s += dy.data[first + k] * y.data[first + k];
  const value = y.data[index] * (dy.data[index] - s);
  return {
    formula: "dz[k] = y[k] (dy[k] − s) with s = Σ_j dy[j] y[j]",
    why: ["Every output of a softmax depends on every input of its row, through the sum."],
    blocks: [
      {
        kind: "lines",
        title: "In numbers",
        lines: [
          line("s", [`Σ over ${C} numbers`], s, 1),
          line("dz", [link(y, index), " × (", link(dy, index), " − s)"], value, 2),
        ],
      },
    ],
    result: value,
    sources: [{ name: "Softmax", steps: [1, 2] }],
  };
}

/** Whether two numbers agree, seen beside the largest of their tensor. */
export function agrees(a: number, b: number, beside: Tensor | number, tolerance = 1e-12): boolean {
  const scale = typeof beside === "number" ? beside : largest(beside.data);
  return Math.abs(a - b) <= tolerance * Math.max(scale, Number.MIN_VALUE);
}
