/** Conv2D: z[n,oh,ow,f] = Σ x·kernel + bias over a window; see scratchnet/layers/conv2d.py. */
import { type Card, sum, type Term, term } from "../card.ts";
import type { Call } from "../run.ts";
import { flat, indices } from "../tensor.ts";
import { activate, activationCard, activationSlope, activationSlopeCard, link, type Op, rawPart, rawSlope, slopeOfOutput, source } from "./op.ts";
import { over, under, windows } from "./windows.ts";

function geometry(call: Call) {
  const [N, H, W, C] = call.x().shape;
  const [OH, OW, F] = call.spec.shape;
  const groups = call.spec.config.groups ?? 1;
  return { N, H, W, C, OH, OW, F, groups, CG: C / groups, FG: F / groups, spec: call.spec.config.windows! };
}

/** Visit every pixel of every window: where x, its row of the kernel, and its row of z begin. */
function walk(call: Call, visit: (x: number, kernel: number, z: number) => void): void {
  const { N, H, W, C, OH, OW, F, CG, spec } = geometry(call);
  for (let n = 0; n < N; n++)
    for (let oh = 0; oh < OH; oh++)
      for (let ow = 0; ow < OW; ow++) {
        const z = ((n * OH + oh) * OW + ow) * F;
        for (const { i, j, h, w } of under(spec, [H, W], oh, ow))
          visit(((n * H + h) * W + w) * C, (i * spec.size[1] + j) * CG * F, z);
      }
}

function zTerms(call: Call, index: number): Term[] {
  const { H, W, CG, FG, spec } = geometry(call);
  const x = call.x();
  const kernel = call.weight("kernel")!;
  const bias = call.weight("bias");
  const [n, oh, ow, f] = indices(call.part(rawPart(call)).shape, index);
  const first = Math.floor(f / FG) * CG;
  const terms: Term[] = [];
  for (const { i, j, h, w } of under(spec, [H, W], oh, ow))
    for (let c = 0; c < CG; c++)
      terms.push(
        term([link(x, flat(x.shape, [n, h, w, first + c])), link(kernel, flat(kernel.shape, [i, j, c, f]))]),
      );
  if (bias) terms.push(term([link(bias, f)], "bias"));
  return terms;
}

function zCard(call: Call, index: number): Card {
  const { H, W, spec } = geometry(call);
  const [, oh, ow] = indices(call.part(rawPart(call)).shape, index);
  const total = sum("The window, number by number, times the filter", zTerms(call, index));
  const inside = under(spec, [H, W], oh, ow).length;
  const missing = spec.size[0] * spec.size[1] - inside;
  return {
    formula: "z[n,oh,ow,f] = Σ_i Σ_j Σ_c x[n,oh·s+i,ow·s+j,c] kernel[i,j,c,f] + bias[f]",
    why: missing ? [`${missing} of the ${inside + missing} places of this window lie on the padding, where x is 0.`] : [],
    blocks: [total],
    result: total.total,
    sources: [source(call, [1, 2])],
  };
}

function kernelCard(call: Call, index: number): Card {
  const { N, OH, OW, H, W, FG, CG, spec } = geometry(call);
  const x = call.x();
  const dz = call.part(rawSlope(call));
  const [i, j, c, f] = indices(call.weight("kernel")!.shape, index);
  const channel = Math.floor(f / FG) * CG + c;
  const terms: Term[] = [];
  for (let n = 0; n < N; n++)
    for (let oh = 0; oh < OH; oh++)
      for (let ow = 0; ow < OW; ow++) {
        const h = oh * spec.strides[0] + i * spec.dilation[0] - spec.before[0];
        const w = ow * spec.strides[1] + j * spec.dilation[1] - spec.before[1];
        if (h < 0 || h >= H || w < 0 || w >= W) continue;
        terms.push(term([link(x, flat(x.shape, [n, h, w, channel])), link(dz, flat(dz.shape, [n, oh, ow, f]))]));
      }
  const total = sum("Every place where this weight was used", terms);
  const images = N === 1 ? "the image" : `each of the ${N} images`;
  return {
    formula: "dkernel[i,j,c,f] = Σ_n Σ_oh Σ_ow x[n,oh·s+i,ow·s+j,c] dz[n,oh,ow,f]",
    why: [`One weight serves every window of ${images}, so its gradient is a sum over all of them.`],
    blocks: [total],
    result: total.total,
    sources: [source(call, [4])],
  };
}

function biasCard(call: Call, f: number): Card {
  const dz = call.part(rawSlope(call));
  const F = dz.shape[3];
  const terms: Term[] = [];
  for (let i = f; i < dz.data.length; i += F) terms.push(term([link(dz, i)]));
  const total = sum("Every place where this bias was added", terms);
  return {
    formula: "dbias[f] = Σ_n Σ_oh Σ_ow dz[n,oh,ow,f]",
    why: ["The bias is added everywhere with slope 1."],
    blocks: [total],
    result: total.total,
    sources: [source(call, [5])],
  };
}

export const conv2d: Op = {
  forward(call) {
    const { F, FG, CG, groups } = geometry(call);
    const x = call.x().data;
    const kernel = call.weight("kernel")!.data;
    const bias = call.weight("bias")?.data;
    const raw = call.make(rawPart(call)).data;
    if (bias) for (let i = 0; i < raw.length; i++) raw[i] = bias[i % F];
    walk(call, (xAt, kAt, zAt) => {
      for (let g = 0; g < groups; g++)
        for (let c = 0; c < CG; c++) {
          const value = x[xAt + g * CG + c];
          if (value === 0) continue;
          const row = kAt + c * F;
          for (let f = g * FG; f < (g + 1) * FG; f++) raw[zAt + f] += value * kernel[row + f];
        }
    });
    if (rawPart(call) === "z") activate(call, raw, call.make("y").data);
  },

  backward(call) {
    const { F, FG, CG, groups } = geometry(call);
    const linear = rawPart(call) === "y";
    const dz = linear ? slopeOfOutput(call).data : call.make("dz").data;
    if (!linear) activationSlope(call, call.part("z").data, dz);
    const x = call.x().data;
    const kernel = call.weight("kernel")!.data;
    const dkernel = call.weightGradient("kernel")!.data;
    const dbias = call.weightGradient("bias")?.data;
    const dx = call.dx();
    if (dbias) for (let i = 0; i < dz.length; i++) dbias[i % F] += dz[i];
    walk(call, (xAt, kAt, zAt) => {
      for (let g = 0; g < groups; g++)
        for (let c = 0; c < CG; c++) {
          const at = xAt + g * CG + c;
          const value = x[at];
          const row = kAt + c * F;
          let total = 0;
          for (let f = g * FG; f < (g + 1) * FG; f++) {
            const slope = dz[zAt + f];
            dkernel[row + f] += value * slope;
            total += kernel[row + f] * slope;
          }
          dx[at] += total;
        }
    });
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
    const { FG, CG, OH, OW, spec } = geometry(call);
    const x = call.x();
    const kernel = call.weight("kernel")!;
    const dz = call.part(rawSlope(call));
    const [n, h, w, c] = indices(x.shape, index);
    const group = Math.floor(c / CG);
    const places = over(spec, h, w);
    const terms: Term[] = [];
    const rows = places.map(({ i, j, oh, ow }) => {
      const own: Term[] = [];
      for (let f = group * FG; f < (group + 1) * FG; f++)
        own.push(
          term([link(dz, flat(dz.shape, [n, oh, ow, f])), link(kernel, flat(kernel.shape, [i, j, c - group * CG, f]))]),
        );
      terms.push(...own);
      const value = own.reduce((total, one) => total + one.value, 0);
      return { name: `window ${oh}, ${ow}`, cells: [`at ${i}, ${j}`, { value, text: "Σ_f" }] };
    });
    const total = sum("Every window over this pixel, and every filter", terms);
    const all = spec.size[0] * spec.size[1];
    const edge = places.length < all ? `, fewer than ${all}, for it lies at the edge or between the strides` : "";
    return {
      formula: "dx[n,h,w,c] = Σ over windows on (h,w), Σ_f   dz[n,oh,ow,f] kernel[i,j,c,f]",
      why: [`This pixel lies under ${windows(places.length)} of the ${OH}×${OW}${edge}. It reaches the loss through each.`],
      blocks: [{ kind: "table", title: "Window by window", head: ["window", "place in it", "its part"], rows }, total],
      result: total.total,
      sources: [source(call, [6, 7])],
    };
  },
};
