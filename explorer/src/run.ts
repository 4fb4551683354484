/** One training step of a batch: forward, loss, backward, update, every number kept by name. */
import type { CallSpec } from "./contents.ts";
import { bytes, decoded } from "./contents.ts";
import { Loss } from "./loss.ts";
import { gradientName, movedName } from "./names.ts";
import { type Net, split, type State } from "./net.ts";
import { operations, type Op } from "./ops/index.ts";
import { update } from "./optimizer.ts";
import { showOf } from "./parts.ts";
import { sizeOf, type Tensor, zeros } from "./tensor.ts";

export interface Batch {
  pixels: Uint8Array[];
  labels: number[];
  /** Which images of the page these are, for what Python drew or recorded for them; own ones borrow from the first. */
  stored: number[];
}

export class Run {
  readonly tensors = new Map<string, Tensor>();
  /** How far the step that led here moved each value and each weight; empty before the first. */
  readonly moved = new Map<string, Tensor>();
  private earlier: Run | null = null;
  readonly calls: Call[];
  readonly loss: Loss;
  readonly N: number;

  constructor(
    readonly net: Net,
    readonly state: State,
    readonly batch: Batch,
    readonly training = true,
  ) {
    this.N = batch.pixels.length;
    this.calls = net.calls.map((spec, place) => new Call(this, spec, place));
    this.loss = new Loss(this);
    for (const call of this.calls) call.forward();
    if (!training) return;
    this.loss.forward();
    for (const name of Object.keys(net.contents.weights)) this.makeGradient(name);
    for (const call of [...this.calls].reverse()) call.backward();
    update(this);
  }

  private makeGradient(name: string): void {
    const weight = this.state.weights.get(name)!;
    const gradient = gradientName(name);
    const recorded = this.net.contents.recorded[gradient];
    if (!this.isMoving(name)) this.add(recorded ? decoded(gradient, recorded) : zeros(gradient, weight.shape));
  }

  /** Whether it is a running mean or the like, which no gradient moves. */
  isMoving(name: string): boolean {
    return name.includes(":moving_");
  }

  add(tensor: Tensor): Tensor {
    this.tensors.set(tensor.name, tensor);
    return tensor;
  }

  /** The tensor of that name: what this run computed, a weight, or what the optimizer keeps. */
  tensor(name: string): Tensor {
    const found = this.find(name);
    if (!found) throw new Error(`There is no tensor ${name}.`);
    return found;
  }

  find(name: string): Tensor | undefined {
    const own = this.tensors.get(name) ?? this.state.weights.get(name) ?? this.moved.get(name);
    if (own) return own;
    for (const slots of this.state.slots.values())
      for (const slot of slots.values()) if (slot.name === name) return slot;
    return undefined;
  }

  /** Note what has moved since a run of the same batch. */
  compare(before: Run): void {
    this.earlier = before;
    const values = [...this.tensors.values(), ...this.state.weights.values()];
    for (const now of values.filter(({ name }) => showOf(this, name) === "values" && split(name)[0] !== this.calls[0].spec.name)) {
      const was = before.tensor(now.name).data;
      const name = movedName(now.name);
      this.moved.set(name, { name, shape: now.shape, data: now.data.map((value, i) => value - was[i]) });
    }
  }

  /** What a number was before the step that led here. */
  was(tensor: string, index: number): number {
    return this.earlier!.tensor(tensor).data[index];
  }

  /** How many numbers were computed: all but the weights as they were, and the images. */
  get count(): number {
    let total = 0;
    for (const tensor of this.tensors.values()) total += tensor.data.length;
    return total - this.calls[0].y.data.length;
  }

  call(name: string): Call | undefined {
    return this.calls.find((call) => call.spec.name === name);
  }

  /** The probabilities of each image. */
  get probabilities(): Tensor {
    return this.net.contents.loss.fused ? this.calls[this.net.last].y : this.loss.softmax();
  }
}

/** One layer at one place of the network, in one run. */
export class Call {
  private readonly op: Op | null;

  constructor(
    readonly run: Run,
    readonly spec: CallSpec,
    readonly place: number,
  ) {
    this.op = spec.closed === null ? operations[spec.kind] : null;
  }

  get operation(): Op | null {
    return this.op;
  }

  /** Whether its softmax and the loss are one step. */
  get fused(): boolean {
    return this.place === this.run.net.last && this.run.net.contents.loss.fused;
  }

  get training(): boolean {
    return this.spec.training ?? this.run.training;
  }

  name(part: string): string {
    return `${this.spec.name}:${part}`;
  }

  x(input = 0): Tensor {
    return this.run.calls[this.spec.inputs[input]].y;
  }

  get y(): Tensor {
    return this.part("y");
  }

  part(part: string): Tensor {
    return this.run.tensor(this.name(part));
  }

  has(part: string): boolean {
    return this.run.tensors.has(this.name(part));
  }

  weight(name: string): Tensor | undefined {
    return this.run.state.weights.get(`${this.spec.owner}:${name}`);
  }

  weightGradient(name: string): Tensor | undefined {
    return this.run.tensors.get(`${this.spec.owner}:d${name}`);
  }

  /** A new tensor of this call; without a shape, that of its output. */
  make(part: string, shape: readonly number[] = [this.run.N, ...this.spec.shape]): Tensor {
    return this.run.add(zeros(this.name(part), shape));
  }

  forward(): void {
    if (this.op) this.op.forward(this);
    else this.run.add(this.recorded("y"));
  }

  private recorded(part: string): Tensor {
    return decoded(this.name(part), this.run.net.contents.recorded[this.name(part)]);
  }

  /** Python's mask of 0 and 1, for the images of this batch. */
  mask(): Uint8Array | null {
    const stored = this.run.net.contents.masks[this.spec.name];
    if (!stored) return null;
    const all = bytes(stored);
    const each = sizeOf(this.spec.shape);
    const found = new Uint8Array(each * this.run.N);
    this.run.batch.stored.forEach((image, n) => found.set(all.subarray(image * each, (image + 1) * each), n * each));
    return found;
  }

  backward(): void {
    if (!this.spec.inputs.length) return;
    if (this.op) {
      this.op.backward(this);
      return;
    }
    this.spec.inputs.forEach((_, input) => this.dx(input).set(this.recorded(`dx${input}`).data));
    this.handBack();
  }

  /** Where the gradient of an input is to be written: it belongs to what puts that input out. */
  private readonly written = new Map<number, Tensor>();

  dx(input = 0): Float64Array {
    let tensor = this.written.get(input);
    if (!tensor) {
      const source = this.run.calls[this.spec.inputs[input]];
      const name = source.usedOnce ? source.name("dy") : this.name(`dx${input}`);
      tensor = this.run.add(zeros(name, this.x(input).shape));
      this.written.set(input, tensor);
    }
    return tensor.data;
  }

  get usedOnce(): boolean {
    return this.run.net.consumers[this.place].length === 1;
  }

  /** Add what was written for inputs that several calls use to what the others wrote. */
  handBack(): void {
    for (const [input, tensor] of this.written) {
      const source = this.run.calls[this.spec.inputs[input]];
      if (source.usedOnce) continue;
      const total = source.has("dy") ? source.part("dy") : source.make("dy");
      for (let i = 0; i < total.data.length; i++) total.data[i] += tensor.data[i];
    }
  }
}
