/** Adam and SGD, as in scratchnet/optimizers: what the step makes of every weight, and how. */
import type { Card, Line } from "./card.ts";
import type { State } from "./net.ts";
import { gradientName, newName, stepName } from "./names.ts";
import { slotName } from "./net.ts";
import { line, link } from "./ops/op.ts";
import type { Run } from "./run.ts";
import { type Tensor, zeros } from "./tensor.ts";

/** α of the step that follows: (3). */
export function stepSize(run: Run): number {
  const { learning_rate, beta_1, beta_2 } = run.net.contents.optimizer;
  const t = run.state.iterations + 1;
  return (learning_rate! * Math.sqrt(1 - beta_2! ** t)) / (1 - beta_1! ** t);
}

export function isAdam(run: Run): boolean {
  return run.net.contents.optimizer.kind.startsWith("Adam");
}

/** Work out the new value of every trained weight, its step, and the optimizer's new numbers. */
export function update(run: Run): void {
  if (run.net.contents.optimizer.closed) return;
  for (const [name, weight] of run.state.weights) {
    if (!run.net.contents.weights[name].trained) continue;
    const gradient = run.tensor(gradientName(name)).data;
    const slots = run.state.slots.get(name)!;
    const decay = run.net.contents.weights[name].decay * run.net.contents.optimizer.learning_rate!;
    const moved = run.add(zeros(newName(name), weight.shape)).data;
    for (let i = 0; i < moved.length; i++) moved[i] = weight.data[i] - weight.data[i] * decay;
    if (isAdam(run)) adam(run, name, gradient, slots, moved);
    else sgd(run, name, gradient, slots, moved);
    const step = run.add(zeros(stepName(name), weight.shape)).data;
    for (let i = 0; i < step.length; i++) step[i] = moved[i] - weight.data[i];
  }
}

function fresh(run: Run, weight: string, slot: string, like: Tensor): Float64Array {
  return run.add(zeros(slotName(run.net.contents.optimizer.kind, weight, slot, "new-"), like.shape)).data;
}

function adam(run: Run, name: string, g: Float64Array, slots: Map<string, Tensor>, w: Float64Array): void {
  const { beta_1, beta_2, epsilon } = run.net.contents.optimizer;
  const [m, v] = [slots.get("momentum")!, slots.get("velocity")!];
  const [mNew, vNew] = [fresh(run, name, "momentum", m), fresh(run, name, "velocity", v)];
  const alpha = stepSize(run);
  for (let i = 0; i < w.length; i++) {
    mNew[i] = m.data[i] + (g[i] - m.data[i]) * (1 - beta_1!);
    vNew[i] = v.data[i] + (g[i] * g[i] - v.data[i]) * (1 - beta_2!);
    w[i] -= (alpha * mNew[i]) / (Math.sqrt(vNew[i]) + epsilon!);
  }
}

function sgd(run: Run, name: string, g: Float64Array, slots: Map<string, Tensor>, w: Float64Array): void {
  const { momentum, nesterov, learning_rate } = run.net.contents.optimizer;
  const v = slots.get("momentum");
  const vNew = v ? fresh(run, name, "momentum", v) : null;
  for (let i = 0; i < w.length; i++) {
    const plain = learning_rate! * g[i];
    if (!v || !vNew) {
      w[i] -= plain;
      continue;
    }
    vNew[i] = v.data[i] * momentum! - plain;
    w[i] += nesterov ? momentum! * vNew[i] - plain : vNew[i];
  }
}

/** The state after the step that a run worked out. */
export function after(run: Run): State {
  const { state } = run;
  const next: State = { steps: state.steps + 1, iterations: state.iterations + 1, weights: new Map(), slots: new Map() };
  for (const [name, weight] of state.weights) {
    const moved = run.tensors.get(newName(name));
    next.weights.set(name, moved ? { ...moved, name } : weight);
    const slots = new Map<string, Tensor>();
    for (const [slot, tensor] of state.slots.get(name) ?? []) {
      const kept = run.tensors.get(slotName(run.net.contents.optimizer.kind, name, slot, "new-"));
      slots.set(slot, kept ? { ...kept, name: tensor.name } : tensor);
    }
    next.slots.set(name, slots);
  }
  return next;
}

/** The card of a weight's step: gradient → m → v → step → new weight, one below the other. */
export function stepCard(run: Run, weight: string, part: string, index: number): Card {
  return isAdam(run) ? adamCard(run, weight, part, index) : sgdCard(run, weight, part, index);
}

function decayLine(run: Run, weight: string, w: Tensor, index: number): Line[] {
  const { decay } = run.net.contents.weights[weight];
  if (!decay) return [];
  const rate = run.net.contents.optimizer.learning_rate!;
  return [line("decay", [link(w, index), ` × −${decay} × ${rate}`], -w.data[index] * decay * rate)];
}

/** The result of the line that a part stands for. */
function resultOf(lines: Line[], part: string): number {
  const found = lines.find((one) => one.ref?.tensor.endsWith(`:${part}`));
  return found ? found.value : lines[lines.length - 1].value;
}

function adamCard(run: Run, weight: string, part: string, index: number): Card {
  const { beta_1, beta_2, epsilon, learning_rate } = run.net.contents.optimizer;
  const t = run.state.iterations + 1;
  const w = run.tensor(weight);
  const g = run.tensor(gradientName(weight));
  const m = run.tensor(slotName(run.net.contents.optimizer.kind, weight, "momentum"));
  const v = run.tensor(slotName(run.net.contents.optimizer.kind, weight, "velocity"));
  const alpha = stepSize(run);
  const mNew = m.data[index] + (g.data[index] - m.data[index]) * (1 - beta_1!);
  const vNew = v.data[index] + (g.data[index] ** 2 - v.data[index]) * (1 - beta_2!);
  const move = (-alpha * mNew) / (Math.sqrt(vNew) + epsilon!);
  const decays = decayLine(run, weight, w, index);
  const decay = decays[0]?.value ?? 0;
  const ref = (tensor: string) => ({ tensor, index });
  const lines: Line[] = [
    { ...line("m′", [link(m, index), " + (", link(g, index), " − ", link(m, index), `) × ${short(1 - beta_1!)}`], mNew, 1), ref: ref(slotName(run.net.contents.optimizer.kind, weight, "momentum", "new-")) },
    { ...line("v′", [link(v, index), " + (", link(g, index), "² − ", link(v, index), `) × ${short(1 - beta_2!)}`], vNew, 2), ref: ref(slotName(run.net.contents.optimizer.kind, weight, "velocity", "new-")) },
    line("α", [`${learning_rate} × √(1 − ${beta_2}^${t}) / (1 − ${beta_1}^${t})`], alpha, 3),
    ...decays,
    { ...line("step", ["−α × m′ / (√v′ + ", `${epsilon})`, ...(decay ? [" + decay"] : [])], move + decay, 4), ref: ref(stepName(weight)) },
    { ...line("new weight", [link(w, index), " + step"], w.data[index] + decay + move), ref: ref(newName(weight)) },
  ];
  const size = Math.abs(alpha) > 0 ? Math.abs(move / learning_rate!) : 0;
  return {
    formula: "m ← m + (g − m)(1 − β₁)    v ← v + (g² − v)(1 − β₂)    w ← w − α m / (√v + ε)",
    why: [
      `The step is ${size.toPrecision(2)} of the learning rate: ${size > 0.5 ? "the gradient has kept its sign for a while." : "the gradients so far have mostly cancelled out, or this one is small beside them."}`,
      `g is this batch's gradient; m and v remember those of ${t - 1} steps before.`,
    ],
    blocks: [{ kind: "lines", title: "From the gradient to the step", lines }],
    result: resultOf(lines, part),
    sources: [{ name: "Adam", steps: [1, 2, 3, 4] }, { name: run.net.contents.optimizer.kind, steps: [] }],
  };
}

function sgdCard(run: Run, weight: string, part: string, index: number): Card {
  const { momentum, nesterov, learning_rate } = run.net.contents.optimizer;
  const w = run.tensor(weight);
  const g = run.tensor(gradientName(weight));
  const plain = -learning_rate! * g.data[index];
  const lines = decayLine(run, weight, w, index);
  const decay = lines[0]?.value ?? 0;
  let move = plain;
  const slot = run.state.slots.get(weight)!.get("momentum");
  if (slot) {
    const vNew = slot.data[index] * momentum! + plain;
    lines.push({ ...line("v′", [link(slot, index), ` × ${momentum} − ${learning_rate} × `, link(g, index)], vNew, 2), ref: { tensor: slotName(run.net.contents.optimizer.kind, weight, "momentum", "new-"), index } });
    move = nesterov ? momentum! * vNew + plain : vNew;
  }
  const last = !slot ? [`−${learning_rate} × `, link(g, index)] : nesterov ? [`${momentum} × v′ − ${learning_rate} × `, link(g, index)] : ["v′"];
  lines.push({ ...line("step", decay ? [...last, " + decay"] : last, move + decay, slot ? 3 : 1), ref: { tensor: stepName(weight), index } });
  lines.push({ ...line("new weight", [link(w, index), " + step"], w.data[index] + decay + move), ref: { tensor: newName(weight), index } });
  return {
    formula: slot ? "v ← μ v − η g    w ← w + v" + (nesterov ? "    (Nesterov: w + μ v − η g)" : "") : "w ← w − η g",
    why: ["A step against the gradient: down the slope of the loss."],
    blocks: [{ kind: "lines", title: "From the gradient to the step", lines }],
    result: resultOf(lines, part),
    sources: [{ name: "SGD", steps: slot ? [2, 3] : [1] }],
  };
}

function short(value: number): string {
  return String(Number(value.toPrecision(6)));
}
