/** BatchNormalization over the last axis; the steps are those of scratchnet/layers/batch_normalization.py. */
import { type Card, type Line, sum, term } from "../card.ts";
import type { Call } from "../run.ts";
import { line, link, type Op, oneLine, slopeOfOutput, source } from "./op.ts";

function geometry(call: Call) {
  const C = call.spec.shape[call.spec.shape.length - 1];
  return {
    C,
    M: call.x().data.length / C,
    epsilon: call.spec.config.epsilon!,
    byBatch: call.training && !call.spec.config.frozen,
  };
}

function gamma(call: Call, c: number): number {
  return call.weight("gamma")?.data[c] ?? 1;
}

/** The mean and the variance that were taken off, each with its place. */
function statistics(call: Call) {
  return geometry(call).byBatch
    ? { mean: call.part("mean"), variance: call.part("var") }
    : { mean: call.weight("moving_mean")!, variance: call.weight("moving_variance")! };
}

function sigma(call: Call, c: number): number {
  return Math.sqrt(statistics(call).variance.data[c] + geometry(call).epsilon);
}

function sigmaLine(call: Call, c: number): Line {
  const { variance } = statistics(call);
  return line("σ", ["√(", link(variance, c), ` + ${geometry(call).epsilon})`], sigma(call, c), 3);
}

function normalizedLine(call: Call, index: number): Line {
  const c = index % geometry(call).C;
  const { mean } = statistics(call);
  const value = (call.x().data[index] - mean.data[c]) / sigma(call, c);
  const xHat = call.part("x_hat");
  return { name: "x̂", ref: { tensor: xHat.name, index }, parts: ["(", link(call.x(), index), " − ", link(mean, c), ") / σ"], value, step: 4 };
}

function outputCard(call: Call, index: number): Card {
  const { C, byBatch } = geometry(call);
  const c = index % C;
  const scale = call.weight("gamma");
  const shift = call.weight("beta");
  const normalized = normalizedLine(call, index);
  const value = gamma(call, c) * normalized.value + (shift?.data[c] ?? 0);
  const parts: Line["parts"] = [scale ? link(scale, c) : "1", " × x̂ + ", shift ? link(shift, c) : "0"];
  return {
    formula: "y = γ x̂ + β,   x̂ = (x − mean) / σ,   σ = √(var + ε)",
    why: [
      byBatch
        ? `Mean and variance are those of this channel over the batch: ${geometry(call).M} numbers.`
        : "Mean and variance are the running ones: this place runs as at inference.",
    ],
    blocks: [{ kind: "lines", title: "Normalized, then scaled and shifted", lines: [sigmaLine(call, c), normalized, line("y", parts, value, 5)] }],
    result: value,
    sources: [source(call, [3, 4, 5])],
  };
}

function channelTerms(call: Call, c: number): number[] {
  const { C, M } = geometry(call);
  return Array.from({ length: M }, (_, m) => m * C + c);
}

function summed(call: Call, formula: string, why: string, step: number, title: string, terms: ReturnType<typeof term>[]): Card {
  const total = sum(title, terms);
  return { formula, why: [why], blocks: [total], result: total.total, sources: [source(call, [step])] };
}

function statisticCard(call: Call, part: string, c: number): Card {
  const { M } = geometry(call);
  const share = { value: 1 / M, text: "1/M" };
  if (part === "mean")
    return summed(call, "mean = (1/M) Σ x[m]", `The channel has M = ${M} numbers in the batch.`, 1, "Every number of the channel", channelTerms(call, c).map((i) => term([link(call.x(), i), share])));
  const mean = call.part("mean").data[c];
  const terms = channelTerms(call, c).map((i) => {
    const off = call.x().data[i] - mean;
    return term([{ value: off, ref: { tensor: call.x().name, index: i }, text: "x − mean" }, { value: off, text: "x − mean" }, share]);
  });
  return summed(call, "var = (1/M) Σ (x[m] − mean)²", `The channel has M = ${M} numbers in the batch.`, 2, "Every number of the channel", terms);
}

function weightCard(call: Call, part: string, c: number): Card {
  const dy = call.part("dy");
  const xHat = call.part("x_hat");
  const terms = channelTerms(call, c).map((i) => term(part === "dbeta" ? [link(dy, i)] : [link(dy, i), link(xHat, i)]));
  return part === "dbeta"
    ? summed(call, "dβ = Σ dy[m]", "β is added to every number of the channel.", 7, "Every number of the channel", terms)
    : summed(call, "dγ = Σ dy[m] x̂[m]", "γ scales every x̂ of the channel.", 8, "Every number of the channel", terms);
}

function aggregate(call: Call, part: string, c: number): Card {
  const own = call.part(part === "dvar" ? "sum_dy_x_hat" : "sum_dy");
  const s = sigma(call, c);
  const g = gamma(call, c);
  const value = part === "dvar" ? (-g * own.data[c]) / (2 * s * s) : (-g * own.data[c]) / s;
  const scale = call.weight("gamma");
  const parts: Line["parts"] = ["−", scale ? link(scale, c) : "1", " × ", link(own, c), part === "dvar" ? " / (2σ²)" : " / σ"];
  return {
    formula: part === "dvar" ? "dvar = −γ dγ / (2σ²)" : "dmean = −γ dβ / σ",
    why: [part === "dvar" ? "The variance is in every x̂ of the channel." : "The mean is in every x̂ of the channel."],
    blocks: [{ kind: "lines", title: "In numbers", lines: [sigmaLine(call, c), line(part, parts, value, part === "dvar" ? 10 : 11)] }],
    result: value,
    sources: [source(call, [part === "dvar" ? 10 : 11])],
  };
}

export const batchNormalization: Op = {
  forward(call) {
    const { C, M, byBatch } = geometry(call);
    const x = call.x().data;
    if (byBatch) {
      const mean = call.make("mean", [C]).data;
      const variance = call.make("var", [C]).data;
      for (let i = 0; i < x.length; i++) mean[i % C] += x[i] / M;
      for (let i = 0; i < x.length; i++) variance[i % C] += (x[i] - mean[i % C]) ** 2 / M;
      for (const [name, found] of [["moving_mean", mean], ["moving_variance", variance]] as const) {
        const moving = call.weight(name)!.data;
        const moved = call.make(`new.${name}`, [C]).data;
        const keep = call.spec.config.momentum!;
        for (let c = 0; c < C; c++) moved[c] = moving[c] * keep + found[c] * (1 - keep);
      }
    }
    const { mean } = statistics(call);
    const xHat = call.make("x_hat").data;
    const y = call.make("y").data;
    const beta = call.weight("beta");
    const sigmas = Array.from({ length: C }, (_, c) => sigma(call, c));
    for (let i = 0; i < x.length; i++) {
      const c = i % C;
      xHat[i] = (x[i] - mean.data[c]) / sigmas[c];
      y[i] = xHat[i] * gamma(call, c) + (beta?.data[c] ?? 0);
    }
  },

  backward(call) {
    const { C, M, byBatch } = geometry(call);
    const dy = slopeOfOutput(call).data;
    const xHat = call.part("x_hat").data;
    const dbeta = call.make("sum_dy", [C]).data;
    const dgamma = call.make("sum_dy_x_hat", [C]).data;
    for (let i = 0; i < dy.length; i++) {
      dbeta[i % C] += dy[i];
      dgamma[i % C] += dy[i] * xHat[i];
    }
    for (const [name, found] of [["beta", dbeta], ["gamma", dgamma]] as const) {
      const gradient = call.weightGradient(name);
      if (gradient) for (let c = 0; c < C; c++) gradient.data[c] += found[c];
    }
    const dx = call.dx();
    const sigmas = Array.from({ length: C }, (_, c) => sigma(call, c));
    const dvar = byBatch ? call.make("dvar", [C]).data : null;
    const dmean = byBatch ? call.make("dmean", [C]).data : null;
    if (dvar && dmean)
      for (let c = 0; c < C; c++) {
        dvar[c] = (-gamma(call, c) * dgamma[c]) / (2 * sigmas[c] ** 2);
        dmean[c] = (-gamma(call, c) * dbeta[c]) / sigmas[c];
      }
    for (let i = 0; i < dy.length; i++) {
      const c = i % C;
      dx[i] += (dy[i] * gamma(call, c)) / sigmas[c];
      if (dvar && dmean) dx[i] += (xHat[i] * 2 * sigmas[c] * dvar[c]) / M + dmean[c] / M;
    }
    call.handBack();
  },

  card(call, part, index) {
    const { C } = geometry(call);
    if (part === "mean" || part === "var") return statisticCard(call, part, index);
    if (part === "dgamma" || part === "sum_dy_x_hat") return weightCard(call, "dgamma", index);
    if (part === "dbeta" || part === "sum_dy") return weightCard(call, "dbeta", index);
    if (part === "dvar" || part === "dmean") return aggregate(call, part, index);
    if (part.startsWith("new.moving_")) return movedCard(call, part, index);
    if (part === "x_hat") {
      const one = normalizedLine(call, index);
      return oneLine(call, "x̂ = (x − mean) / σ", ["Shifted and stretched so that the channel has mean 0 and variance 1."], { ...one, ref: undefined }, [
        { kind: "lines", title: "The stretch", lines: [sigmaLine(call, index % C)] },
      ]);
    }
    return outputCard(call, index);
  },

  slope(call, _, index) {
    const { C, M, byBatch } = geometry(call);
    const c = index % C;
    const dy = call.part("dy");
    const s = sigma(call, c);
    const scale = call.weight("gamma");
    const direct = (dy.data[index] * gamma(call, c)) / s;
    const lines = [sigmaLine(call, c), line("through x̂", [link(dy, index), " × ", scale ? link(scale, c) : "1", " / σ"], direct, 12)];
    let value = direct;
    if (byBatch) {
      const xHat = call.part("x_hat");
      const dvar = call.part("dvar");
      const dmean = call.part("dmean");
      const throughVariance = (xHat.data[index] * 2 * s * dvar.data[c]) / M;
      const throughMean = dmean.data[c] / M;
      lines.push(line("through var", [link(dvar, c), " × 2σ × ", link(xHat, index), ` / ${M}`], throughVariance, 13));
      lines.push(line("through mean", [link(dmean, c), ` / ${M}`], throughMean, 14));
      value += throughVariance + throughMean;
    }
    lines.push(line("dx", [byBatch ? "the three together" : "the same: mean and variance are constants here"], value));
    return {
      formula: byBatch ? "dx[m] = dx̂[m]/σ + dvar·2σ x̂[m]/M + dmean/M" : "dx[m] = γ dy[m] / σ",
      why: byBatch ? [`x touches every number of its channel, through the mean and the variance of all ${M}.`] : [],
      blocks: [{ kind: "lines", title: byBatch ? "Three ways to the loss" : "In numbers", lines }],
      result: value,
      sources: [source(call, byBatch ? [9, 12, 13, 14] : [9, 12])],
    };
  },
};

function movedCard(call: Call, part: string, c: number): Card {
  const name = part.slice("new.".length);
  const moving = call.weight(name)!;
  const found = call.part(name === "moving_mean" ? "mean" : "var");
  const keep = call.spec.config.momentum!;
  const value = moving.data[c] * keep + found.data[c] * (1 - keep);
  const parts: Line["parts"] = [link(moving, c), ` × ${keep} + `, link(found, c), ` × (1 − ${keep})`];
  return oneLine(call, "moving = momentum·moving + (1 − momentum)·batch's", ["What inference will put in the place of the batch's own."], line("moving", parts, value, 6));
}
