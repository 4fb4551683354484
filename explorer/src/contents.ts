/** What Python wrote into the page; see scratchnet/explorer/contents.py. */
import type { Tensor } from "./tensor.ts";

export const FORMAT = 1;

export interface Encoded {
  shape: number[];
  dtype: "float32" | "float64";
  data: string;
}

export interface WindowsSpec {
  size: [number, number];
  strides: [number, number];
  dilation: [number, number];
  before: [number, number];
  count: [number, number];
}

export interface ActivationSpec {
  name: string;
  class: string;
  negative_slope?: number;
  max_value?: number | null;
  threshold?: number;
  alpha?: number;
  approximate?: boolean;
}

export interface CallSpec {
  kind: string;
  name: string;
  /** The call whose weights it uses: itself, unless its layer has been called before. */
  owner: string;
  inputs: number[];
  shape: number[];
  training: boolean | null;
  closed: string | null;
  source: string;
  config: {
    windows?: WindowsSpec;
    groups?: number;
    activation?: ActivationSpec;
    epsilon?: number;
    momentum?: number;
    frozen?: boolean;
    rate?: number;
    before?: [number, number];
    scale?: number;
    offset?: number;
  };
}

export interface WeightSpec extends Encoded {
  trained: boolean;
  decay: number;
  slots: Record<string, Encoded>;
}

export interface OptimizerSpec {
  kind: string;
  closed: string | null;
  iterations: number;
  learning_rate?: number;
  scheduled?: boolean;
  beta_1?: number;
  beta_2?: number;
  epsilon?: number;
  momentum?: number;
  nesterov?: boolean;
  slots?: string[];
}

export interface TensorCheck {
  name: string;
  size: number;
  largest: number;
  sum: number | null;
  entries: [number, number][];
}

export interface SourceText {
  file: string;
  start: number;
  text: string;
}

export interface Contents {
  format: number;
  scratchnet: string;
  title: string;
  classes: string[];
  calls: CallSpec[];
  weights: Record<string, WeightSpec>;
  loss: { kind: string; smoothing: number; fused: boolean };
  optimizer: OptimizerSpec;
  images: {
    pixels: string;
    names: string[];
    labels: number[];
    known: boolean[];
    scale: number;
    probabilities: number[][];
  };
  masks: Record<string, string>;
  recorded: Record<string, Encoded>;
  check: { loss: number; tensors: TensorCheck[] };
  sources: Record<string, SourceText>;
}

export function bytes(base64: string): Uint8Array {
  const decoder = Uint8Array as unknown as { fromBase64?: (text: string) => Uint8Array };
  if (decoder.fromBase64) return decoder.fromBase64(base64);
  const text = atob(base64);
  const found = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) found[i] = text.charCodeAt(i);
  return found;
}

/** The numbers of an array, as float64: those of a float32 stay exactly what they are. */
export function decoded(name: string, array: Encoded): Tensor {
  const raw = bytes(array.data).buffer;
  const data = array.dtype === "float32" ? Float64Array.from(new Float32Array(raw)) : new Float64Array(raw);
  return { name, shape: array.shape, data };
}
