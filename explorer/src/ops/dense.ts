/** Dense: z[n,u] = Σ_d x[n,d] kernel[d,u] + bias[u]; see scratchnet/layers/dense.py. */
import { type Card, sum, type Term, term } from "../card.ts";
import type { Call } from "../run.ts";
import { activate, activationCard, activationSlope, activationSlopeCard, link, type Op, rawPart, rawSlope, slopeOfOutput, source } from "./op.ts";

/** Rows R, features D, units U: axes between the batch and the last are rows like the batch. */
function geometry(call: Call) {
  const [D, U] = call.weight("kernel")!.shape;
  return { D, U, R: call.x().data.length / D };
}

function zCard(call: Call, index: number): Card {
  const { D, U } = geometry(call);
  const x = call.x();
  const kernel = call.weight("kernel")!;
  const bias = call.weight("bias");
  const row = Math.floor(index / U) * D;
  const u = index % U;
  const terms: Term[] = [];
  for (let d = 0; d < D; d++) terms.push(term([link(x, row + d), link(kernel, d * U + u)]));
  if (bias) terms.push(term([link(bias, u)], "bias"));
  const total = sum("Every input, times its weight", terms);
  return {
    formula: "z[n,u] = Σ_d x[n,d] kernel[d,u] + bias[u]",
    why: [],
    blocks: [total],
    result: total.total,
    sources: [source(call, [1])],
  };
}

function kernelCard(call: Call, index: number): Card {
  const { D, U, R } = geometry(call);
  const x = call.x();
  const dz = call.part(rawSlope(call));
  const d = Math.floor(index / U);
  const u = index % U;
  const terms: Term[] = [];
  for (let r = 0; r < R; r++) terms.push(term([link(x, r * D + d), link(dz, r * U + u)]));
  const total = sum("Every image of the batch", terms);
  return {
    formula: "dkernel[d,u] = Σ_n x[n,d] dz[n,u]",
    why: ["This weight touches one z of each image, with slope x. The 1/N is in dz already: it came from the loss."],
    blocks: [total],
    result: total.total,
    sources: [source(call, [4])],
  };
}

function biasCard(call: Call, u: number): Card {
  const dz = call.part(rawSlope(call));
  const { U } = geometry(call);
  const terms: Term[] = [];
  for (let i = u; i < dz.data.length; i += U) terms.push(term([link(dz, i)]));
  const total = sum("Every image of the batch", terms);
  return {
    formula: "dbias[u] = Σ_n dz[n,u]",
    why: ["The bias is added with slope 1."],
    blocks: [total],
    result: total.total,
    sources: [source(call, [5])],
  };
}

export const dense: Op = {
  forward(call) {
    const { D, U, R } = geometry(call);
    const x = call.x().data;
    const kernel = call.weight("kernel")!.data;
    const bias = call.weight("bias")?.data;
    const raw = call.make(rawPart(call)).data;
    for (let r = 0; r < R; r++) {
      const z = raw.subarray(r * U, (r + 1) * U);
      if (bias) z.set(bias);
      for (let d = 0; d < D; d++) {
        const value = x[r * D + d];
        if (value === 0) continue;
        for (let u = 0; u < U; u++) z[u] += value * kernel[d * U + u];
      }
    }
    if (rawPart(call) === "z") activate(call, raw, call.make("y").data);
  },

  backward(call) {
    const { D, U, R } = geometry(call);
    const linear = rawPart(call) === "y";
    const dz = linear ? slopeOfOutput(call).data : call.make("dz").data;
    if (!linear) activationSlope(call, call.part("z").data, dz);
    const x = call.x().data;
    const kernel = call.weight("kernel")!.data;
    const dkernel = call.weightGradient("kernel")!.data;
    const dbias = call.weightGradient("bias")?.data;
    const dx = call.dx();
    if (dbias) for (let i = 0; i < dz.length; i++) dbias[i % U] += dz[i];
    for (let r = 0; r < R; r++)
      for (let d = 0; d < D; d++) {
        const value = x[r * D + d];
        let total = 0;
        for (let u = 0; u < U; u++) {
          const slope = dz[r * U + u];
          dkernel[d * U + u] += value * slope;
          total += kernel[d * U + u] * slope;
        }
        dx[r * D + d] += total;
      }
    call.handBack();
  },

  card(call, part, index) {
    if (part === "dkernel") return kernelCard(call, index);
    if (part === "dbias") return biasCard(call, index);
    if (part === "dz") return activationSlopeCard(call, call.part("z"), index, null);
    const card = zCard(call, index);
    if (part === rawPart(call)) return card;
    return activationCard(call, call.part("z"), index, card);
  },

  slope(call, _, index) {
    const { D, U } = geometry(call);
    const dz = call.part(rawSlope(call));
    const kernel = call.weight("kernel")!;
    const row = Math.floor(index / D) * U;
    const d = index % D;
    const terms: Term[] = [];
    for (let u = 0; u < U; u++) terms.push(term([link(dz, row + u), link(kernel, d * U + u)]));
    const total = sum("Every unit that this number goes into", terms);
    return {
      formula: "dx[n,d] = Σ_u dz[n,u] kernel[d,u]",
      why: [`It goes into ${U} units, and reaches the loss through each: the row of the kernel, so the transpose.`],
      blocks: [total],
      result: total.total,
      sources: [source(call, [6])],
    };
  },
};
