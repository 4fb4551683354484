/** The activation functions and their slopes, each as in scratchnet/activations. */
import type { ActivationSpec } from "./contents.ts";

export interface Activation {
  f(z: number): number;
  slope(z: number, y: number): number;
  formula: string;
  /** In words: what the function did to this z, and what it therefore does to the gradient. */
  why(z: number, y: number): [string, string];
  /** The numbered step of its slope. */
  step: number;
}

const SELU_ALPHA = 1.6732632423543772848170429916717;
const SELU_SCALE = 1.0507009873554804934193349852946;

/** The error function: all terms of the series have one sign, so nothing cancels. */
export function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let total = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(total); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    total += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * total;
}

export function sigmoid(x: number): number {
  const e = Math.exp(-Math.abs(x));
  return (x >= 0 ? 1 : e) / (1 + e);
}

/** Φ and φ of GELU, or what its approximation takes for them. */
function gelu(x: number, approximate: boolean): [number, number] {
  if (!approximate) return [(1 + erf(x / Math.SQRT2)) / 2, Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)];
  const c = Math.sqrt(2 / Math.PI);
  const t = Math.tanh(c * (x + 0.044715 * x * x * x));
  return [(1 + t) / 2, ((1 - t * t) / 2) * c * (1 + 3 * 0.044715 * x * x)];
}

function smooth(formula: string, f: (z: number) => number, slope: (z: number, y: number) => number, step = 1): Activation {
  return {
    f,
    slope,
    formula,
    step,
    why: (z, y) => ["", `the slope of ${formula} is ${slope(z, y).toPrecision(3)} here`],
  };
}

function rectifier(spec: ActivationSpec, kind: "relu" | "leaky_relu"): Activation {
  const leak = spec.negative_slope ?? 0;
  const most = kind === "relu" ? (spec.max_value ?? null) : null;
  const threshold = kind === "relu" ? (spec.threshold ?? 0) : 0;
  return {
    f(z) {
      const y = z <= threshold ? (leak ? leak * (z - threshold) : 0) : z;
      return most === null ? y : Math.min(y, most);
    },
    slope: (_, y) => (y > 0 ? (most === null || y < most ? 1 : 0) : leak),
    formula: leak ? `${kind}(z), with slope ${leak} below` : `${kind}(z) = max(z, ${threshold})`,
    step: kind === "relu" ? 2 : 1,
    why(_, y) {
      if (y > 0 && most !== null && y >= most) return [`${kind} cut it off at ${most}`, "above the cut the slope is 0"];
      if (y > 0) return [`${kind} let it through, since z is positive`, `${kind} lets the gradient through, since z > 0`];
      if (leak) return [`${kind} scaled it down, since z is not positive`, `${kind} lets ${leak} of the gradient through`];
      return [`${kind} held it back, since z is not positive`, `${kind} lets no gradient through, since z ≤ 0`];
    },
  };
}

/** The function of that name; null for linear, which does nothing, and for softmax, which works on whole rows. */
export function activation(spec: ActivationSpec): Activation | null {
  const alpha = spec.alpha ?? 1;
  switch (spec.name) {
    case "linear":
    case "softmax":
      return null;
    case "relu":
    case "leaky_relu":
      return rectifier(spec, spec.name);
    case "elu":
      return smooth("elu(z)", (z) => (z > 0 ? z : alpha * Math.expm1(z)), (_, y) => (y > 0 ? 1 : y + alpha));
    case "selu":
      return smooth(
        "selu(z)",
        (z) => SELU_SCALE * (z > 0 ? z : SELU_ALPHA * Math.expm1(z)),
        (_, y) => (y < 0 ? y + SELU_SCALE * SELU_ALPHA : SELU_SCALE),
      );
    case "sigmoid":
      return smooth("sigmoid(z)", sigmoid, (_, y) => y * (1 - y));
    case "hard_sigmoid":
      return smooth(
        "hard_sigmoid(z)",
        (z) => Math.min(Math.max(z + 3, 0), 6) / 6,
        (_, y) => (y > 0 && y < 1 ? 1 / 6 : 0),
      );
    case "tanh":
      return smooth("tanh(z)", Math.tanh, (_, y) => 1 - y * y);
    case "exponential":
      return smooth("eᶻ", Math.exp, (_, y) => y);
    case "softplus":
      return smooth(
        "log(1 + eᶻ)",
        (z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))),
        (_, y) => -Math.expm1(-y),
      );
    case "silu":
      return smooth(
        "z·sigmoid(z)",
        (z) => z * sigmoid(z),
        (z) => sigmoid(z) * (1 + z * (1 - sigmoid(z))),
      );
    case "gelu":
      return smooth(
        "gelu(z) = z·Φ(z)",
        (z) => z * gelu(z, spec.approximate ?? false)[0],
        (z) => {
          const [probability, density] = gelu(z, spec.approximate ?? false);
          return probability + z * density;
        },
        2,
      );
    default:
      throw new Error(`The page has no activation ${spec.name}.`);
  }
}

/** softmax of every row, along the last axis. */
export function softmaxRows(z: Float64Array, length: number, y: Float64Array): void {
  for (let row = 0; row < z.length; row += length) {
    let most = -Infinity;
    for (let k = 0; k < length; k++) most = Math.max(most, z[row + k]);
    let total = 0;
    for (let k = 0; k < length; k++) total += y[row + k] = Math.exp(z[row + k] - most);
    for (let k = 0; k < length; k++) y[row + k] /= total;
  }
}
