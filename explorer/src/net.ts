/** The network as it is at one moment: its wiring, its weights, and what the optimizer keeps for them. */
import { type CallSpec, type Contents, decoded } from "./contents.ts";
import type { Tensor } from "./tensor.ts";

/** The weights and the optimizer's memory, before or after a step. */
export interface State {
  /** How many steps the page has taken since it was opened. */
  steps: number;
  /** How many the optimizer has taken in all. */
  iterations: number;
  weights: Map<string, Tensor>;
  /** By the name of a weight, then by the optimizer's name: "momentum", "velocity". */
  slots: Map<string, Map<string, Tensor>>;
}

export class Net {
  readonly calls: CallSpec[];
  readonly start: State;
  /** For each call the calls that use its output, and as which of their inputs. */
  readonly consumers: { place: number; input: number }[][];

  constructor(readonly contents: Contents) {
    this.calls = contents.calls;
    this.consumers = this.calls.map(() => []);
    this.calls.forEach((call, place) =>
      call.inputs.forEach((source, input) => this.consumers[source].push({ place, input })),
    );
    this.start = this.loaded();
  }

  private loaded(): State {
    const state: State = { steps: 0, iterations: this.contents.optimizer.iterations, weights: new Map(), slots: new Map() };
    for (const [name, weight] of Object.entries(this.contents.weights)) {
      state.weights.set(name, decoded(name, weight));
      const slots = new Map<string, Tensor>();
      for (const slot of weight.trained ? (this.contents.optimizer.slots ?? []) : []) {
        const id = slotName(this.contents.optimizer.kind, name, slot);
        const stored = weight.slots[slot];
        const flatShape = stored ? decoded(id, stored).data : new Float64Array(state.weights.get(name)!.data.length);
        slots.set(slot, { name: id, shape: weight.shape, data: flatShape });
      }
      state.slots.set(name, slots);
    }
    return state;
  }

  get last(): number {
    return this.calls.length - 1;
  }

  get closed(): CallSpec[] {
    return this.calls.filter((call) => call.closed !== null);
  }

  /** The weights of a call, by their own names: kernel, bias. */
  weightsOf(call: CallSpec): string[] {
    const way = `${call.owner}:`;
    return Object.keys(this.contents.weights)
      .filter((name) => name.startsWith(way))
      .map((name) => name.slice(way.length));
  }

  /** The calls that use the weights of that owner. */
  callsOf(owner: string): number[] {
    return this.calls.flatMap((call, place) => (call.owner === owner ? [place] : []));
  }
}

/** What the page calls an optimizer's number, by the letter of its derivation: "Conv_1:m.kernel"; of SGD it is v. */
export function slotName(optimizer: string, weight: string, slot: string, prefix = ""): string {
  const [owner, name] = split(weight);
  const letter = slot === "momentum" && optimizer.startsWith("Adam") ? "m" : "v";
  return `${owner}:${prefix}${letter}.${name}`;
}

/** "base/Conv_1:kernel" → ["base/Conv_1", "kernel"]. */
export function split(name: string): [string, string] {
  const colon = name.lastIndexOf(":");
  return [name.slice(0, colon), name.slice(colon + 1)];
}
