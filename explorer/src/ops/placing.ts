/** Operations that compute next to nothing: numbers change places, are scaled, dropped, or added up. */
import { sum, term } from "../card.ts";
import type { Call } from "../run.ts";
import { flat, indices } from "../tensor.ts";
import { activate, activationCard, activationSlope, activationSlopeCard, line, link, type Op, oneLine, slopeOfOutput, source } from "./op.ts";

export const input: Op = {
  forward(call) {
    const y = call.make("y").data;
    const { scale } = call.run.net.contents.images;
    call.run.batch.pixels.forEach((pixels, n) =>
      pixels.forEach((pixel, i) => {
        y[n * pixels.length + i] = Math.fround(pixel / scale);
      }),
    );
  },
  backward() {},
  card(call, _, index) {
    const { scale } = call.run.net.contents.images;
    const value = call.y.data[index];
    const pixel = Math.round(value * scale);
    return oneLine(call, scale === 1 ? "x = pixel" : `x = pixel / ${scale}`, ["Here the image begins: nothing came before it."], line("x", [{ value: pixel, text: "pixel" }, scale === 1 ? "" : ` / ${scale}`], value));
  },
  slope() {
    throw new Error("An input has no input.");
  },
};

/** Flatten and Reshape: the same numbers in the same order. */
export const reshape: Op = {
  forward(call) {
    call.make("y").data.set(call.x().data);
  },
  backward(call) {
    call.dx().set(slopeOfOutput(call).data);
    call.handBack();
  },
  card(call, _, index) {
    return oneLine(call, "y = x, in another shape", ["Nothing is computed: the number only changes its place."], line("y", [link(call.x(), index)], call.x().data[index], 1));
  },
  slope(call, _, index) {
    const dy = call.part("dy");
    return oneLine(call, "dx = dy, in x's shape", ["Each y is one x, with slope 1."], line("dx", [link(dy, index)], dy.data[index], 2));
  },
};

function padded(call: Call, index: number): number {
  const [n, h, w, c] = indices(call.x().shape, index);
  const [top, left] = call.spec.config.before!;
  return flat(call.y.shape, [n, h + top, w + left, c]);
}

export const zeroPadding2d: Op = {
  forward(call) {
    const y = call.make("y").data;
    const x = call.x().data;
    for (let i = 0; i < x.length; i++) y[padded(call, i)] = x[i];
  },
  backward(call) {
    const dy = slopeOfOutput(call).data;
    const dx = call.dx();
    for (let i = 0; i < dx.length; i++) dx[i] = dy[padded(call, i)];
    call.handBack();
  },
  card(call, _, index) {
    const [n, h, w, c] = indices(call.y.shape, index);
    const [top, left] = call.spec.config.before!;
    const [, H, W] = call.x().shape;
    const inside = h >= top && h < top + H && w >= left && w < left + W;
    const from = inside ? flat(call.x().shape, [n, h - top, w - left, c]) : 0;
    const value = inside ? call.x().data[from] : 0;
    return oneLine(call, "y[n,top+h,left+w,c] = x[n,h,w,c], else 0", [inside ? "The image, moved." : "This is the border: a zero from nowhere."], line("y", inside ? [link(call.x(), from)] : ["0"], value, 1));
  },
  slope(call, _, index) {
    const dy = call.part("dy");
    return oneLine(call, "dx[n,h,w,c] = dy[n,top+h,left+w,c]", ["The gradient of the border is dropped."], line("dx", [link(dy, padded(call, index))], dy.data[padded(call, index)], 2));
  },
};

/** Where a number of the output of a layer at rest stands in its input: elsewhere, if the middle was cut out. */
function uncut(call: Call, index: number): number {
  const { before } = call.spec.config;
  if (!before) return index;
  const [n, h, w, c] = indices(call.y.shape, index);
  return flat(call.x().shape, [n, h + before[0], w + before[1], c]);
}

/** What changes images at random in training. Here they stay as they are, as at inference. */
export const atRest: Op = {
  forward(call) {
    const x = call.x().data;
    const y = call.make("y").data;
    for (let i = 0; i < y.length; i++) y[i] = x[uncut(call, i)];
  },
  backward(call) {
    const dy = slopeOfOutput(call).data;
    const dx = call.dx();
    for (let i = 0; i < dy.length; i++) dx[uncut(call, i)] = dy[i];
    call.handBack();
  },
  card(call, _, index) {
    const formula = call.spec.config.before ? "y[n,h,w,c] = x[n,top+h,left+w,c]" : "y = x";
    return oneLine(call, formula, atRestBecause(call), line("y", [link(call.x(), uncut(call, index))], call.x().data[uncut(call, index)]));
  },
  slope(call, _, index) {
    const [n, h, w, c] = indices(call.x().shape, index);
    const [top, left] = call.spec.config.before ?? [0, 0];
    const dy = call.part("dy");
    const [, H, W] = dy.shape;
    const cut = call.spec.config.before && (h < top || h >= top + H || w < left || w >= left + W);
    if (cut) return oneLine(call, "dx = 0, outside of what was cut out", atRestBecause(call), line("dx", ["0"], 0));
    const from = call.spec.config.before ? flat(dy.shape, [n, h - top, w - left, c]) : index;
    return oneLine(call, "dx = dy", atRestBecause(call), line("dx", [link(dy, from)], dy.data[from]));
  },
};

function atRestBecause(call: Call): string[] {
  return [`In training ${call.spec.kind} changes what it is given at random. This page shows the step of the images as they are, as at inference.`];
}

export const dropout: Op = {
  forward(call) {
    const kept = call.training ? call.mask() : null;
    const x = call.x().data;
    const y = call.make("y").data;
    if (!kept) {
      y.set(x);
      return;
    }
    const { rate } = call.spec.config;
    const larger = rate! < 1 ? 1 / (1 - rate!) : 0;
    const mask = call.make("mask").data;
    for (let i = 0; i < x.length; i++) y[i] = x[i] * (mask[i] = kept[i] * larger);
  },
  backward(call) {
    const dy = slopeOfOutput(call).data;
    const dx = call.dx();
    const mask = call.has("mask") ? call.part("mask").data : null;
    for (let i = 0; i < dx.length; i++) dx[i] = mask ? dy[i] * mask[i] : dy[i];
    call.handBack();
  },
  card(call, part, index) {
    if (!call.has("mask")) return oneLine(call, "y = x", ["Nothing is dropped here."], line("y", [link(call.x(), index)], call.x().data[index]));
    const mask = call.part("mask");
    const kept = mask.data[index] !== 0;
    const why = kept ? `It was kept, and made larger by 1/(1 − ${call.spec.config.rate}).` : "It was dropped by chance.";
    if (part === "mask") return oneLine(call, "mask = 0 with probability rate, else 1/(1 − rate)", [`${why} Python drew this mask, as training does.`], line("mask", [{ value: mask.data[index], text: "drawn" }], mask.data[index], 1));
    return oneLine(call, "y = x · mask", [why], line("y", [link(call.x(), index), " × ", link(mask, index)], call.x().data[index] * mask.data[index], 2));
  },
  slope(call, _, index) {
    const dy = call.part("dy");
    if (!call.has("mask")) return oneLine(call, "dx = dy", ["Nothing is dropped here."], line("dx", [link(dy, index)], dy.data[index]));
    const mask = call.part("mask");
    return oneLine(call, "dx = dy · mask", ["The mask is a constant factor, the same that forward used."], line("dx", [link(dy, index), " × ", link(mask, index)], dy.data[index] * mask.data[index], 3));
  },
};

export const rescaling: Op = {
  forward(call) {
    const y = call.make("y").data;
    const x = call.x().data;
    for (let i = 0; i < x.length; i++) y[i] = x[i] * call.spec.config.scale! + call.spec.config.offset!;
  },
  backward(call) {
    const dy = slopeOfOutput(call).data;
    const dx = call.dx();
    for (let i = 0; i < dx.length; i++) dx[i] = dy[i] * call.spec.config.scale!;
    call.handBack();
  },
  card(call, _, index) {
    const { scale, offset } = call.spec.config;
    const value = call.x().data[index] * scale! + offset!;
    return oneLine(call, "y = x·scale + offset", [], line("y", [link(call.x(), index), ` × ${scale} + ${offset}`], value, 1));
  },
  slope(call, _, index) {
    const dy = call.part("dy");
    return oneLine(call, "dx = dy·scale", [], line("dx", [link(dy, index), ` × ${call.spec.config.scale}`], dy.data[index] * call.spec.config.scale!, 2));
  },
};

export const add: Op = {
  forward(call) {
    const y = call.make("y").data;
    call.spec.inputs.forEach((_, k) => {
      const x = call.x(k).data;
      for (let i = 0; i < y.length; i++) y[i] += x[i];
    });
  },
  backward(call) {
    const dy = slopeOfOutput(call).data;
    call.spec.inputs.forEach((_, k) => call.dx(k).set(dy));
    call.handBack();
  },
  card(call, _, index) {
    const total = sum("Every input", call.spec.inputs.map((_, k) => term([link(call.x(k), index)])));
    return { formula: "y = x₁ + x₂ + …", why: [], blocks: [total], result: total.total, sources: [source(call, [])] };
  },
  slope(call, _, index) {
    const dy = call.part("dy");
    return oneLine(call, "dxᵢ = dy", ["A sum hands the gradient on to every summand, whole."], line("dx", [link(dy, index)], dy.data[index], 1));
  },
};

/** Activation, ReLU, LeakyReLU and Softmax as layers: z is the input. */
export const activationLayer: Op = {
  forward(call) {
    activate(call, call.x().data, call.make("y").data);
  },
  backward(call) {
    if (!call.fused) slopeOfOutput(call);
    activationSlope(call, call.x().data, call.dx());
    call.handBack();
  },
  card(call, _, index) {
    if (call.spec.config.activation!.name === "linear") return oneLine(call, "y = x", [], line("y", [link(call.x(), index)], call.x().data[index]));
    return activationCard(call, call.x(), index, null);
  },
  slope(call, _, index) {
    if (call.spec.config.activation!.name === "linear") {
      const dy = call.part("dy");
      return oneLine(call, "dx = dy", [], line("dx", [link(dy, index)], dy.data[index]));
    }
    return activationSlopeCard(call, call.x(), index, null);
  },
};
