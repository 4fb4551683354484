/** The tensors of a call by what they show: its values, the gradients, the step, or what the last step has changed. */
import { split } from "./net.ts";
import { gradientName, MOVED, movedName, newName, stepName } from "./names.ts";
import type { Call, Run } from "./run.ts";

export type Show = "values" | "gradients" | "step" | "change";

const GRADIENTS = /^(dy|dz|dvar|dmean|dx\d+|sum_dy|sum_dy_x_hat)$/;

export function showOf(run: Run, tensor: string): Show {
  const [owner, part] = split(tensor);
  if (part.startsWith(MOVED)) return "change";
  if (part.includes(".")) return "step";
  const isWeightGradient = part.startsWith("d") && run.state.weights.has(`${owner}:${part.slice(1)}`);
  return GRADIENTS.test(part) || isWeightGradient ? "gradients" : "values";
}

/** What a call has to show, the first being the one that its picture shows. */
export function partsOf(run: Run, call: Call, show: Show): string[] {
  const weights = run.net.weightsOf(call.spec).map((name) => `${call.spec.owner}:${name}`);
  const own = (names: string[]) => names.map((name) => call.name(name)).filter((name) => run.tensors.has(name));
  if (show === "values") return [...own(["y", "z", "x_hat", "mean", "var", "mask"]), ...weights];
  if (show === "change") return partsOf(run, call, "values").map(movedName).filter((name) => run.moved.has(name));
  if (show === "gradients") {
    const gradients = weights.map(gradientName).filter((name) => run.tensors.has(name));
    return [...own(["dy", "dz", "dvar", "dmean"]), ...own(call.spec.inputs.map((_, k) => `dx${k}`)), ...gradients];
  }
  return weights.flatMap((weight) => {
    const [owner, name] = split(weight);
    return [stepName(weight), newName(weight), `${owner}:new-m.${name}`, `${owner}:new-v.${name}`].filter((one) => run.tensors.has(one));
  });
}

/** What belongs to a tensor on another side: y ↔ dy, kernel ↔ dkernel ↔ its step. */
export function partner(run: Run, tensor: string, show: Show): string {
  if (showOf(run, tensor) === show) return tensor;
  const [owner, part] = split(tensor);
  const base = part.includes(".") ? part.slice(part.indexOf(".") + 1) : showOf(run, tensor) === "gradients" ? part.slice(1) : part;
  const weight = `${owner}:${base}`;
  const wanted: Record<Show, string[]> = {
    values: [weight, `${owner}:y`],
    gradients: [`${owner}:d${base}`, `${owner}:dy`, `${owner}:dz`],
    step: [stepName(weight)],
    change: [movedName(weight), movedName(`${owner}:y`)],
  };
  const found = wanted[show].find((name) => run.find(name));
  if (found) return found;
  if (owner === "loss") return show === "gradients" ? run.loss.slopeName : firstOf(run, show);
  const call = run.call(owner);
  const others = call ? partsOf(run, call, show) : [];
  return others[0] ?? firstOf(run, show);
}

function firstOf(run: Run, show: Show): string {
  for (const call of [...run.calls].reverse()) {
    const [first] = partsOf(run, call, show);
    if (first) return first;
  }
  return "loss:L";
}

const LETTERS: Record<string, string> = { x_hat: "x̂", sum_dy: "Σ dy", sum_dy_x_hat: "Σ dy x̂", L: "L", each: "L of each image", p: "p", t: "t" };

/** What a part is called in the page: "m′ of kernel". */
export function label(part: string): string {
  const dot = part.indexOf(".");
  if (dot < 0) return LETTERS[part] ?? part;
  const [before, name] = [part.slice(0, dot), part.slice(dot + 1)];
  if (before === "moved") return `Δ${LETTERS[name] ?? name}`;
  if (before === "new") return `new ${name}`;
  return `${before.startsWith("new-") ? `${before.slice(4)}′` : before} of ${name}`;
}

/** The whole name of a tensor: "Conv_1 · kernel". */
export function title(tensor: string): string {
  const [owner, part] = split(tensor);
  return `${owner} · ${label(part)}`;
}
