/** What the page holds: the network at each step taken, the images, and the run that is looked at. */
import { check, type Verdict } from "../check.ts";
import { bytes, type Contents } from "../contents.ts";
import { Net, type State } from "../net.ts";
import { after } from "../optimizer.ts";
import { type Batch, Run } from "../run.ts";
import { sizeOf } from "../tensor.ts";

export interface Image {
  name: string;
  pixels: Uint8Array;
  label: number;
  /** Whether the label is known, and not just what the network says. */
  known: boolean;
  /** Which of the images in the page; null for one's own. */
  stored: number | null;
  /** What was done to it, in words. */
  done?: string;
}

export class Session {
  readonly net: Net;
  readonly images: Image[];
  readonly verdict: Verdict;
  private readonly states: State[];
  run: Run;
  /** The run before the last step, of the same batch. */
  before: Run | null = null;
  /** The images in the batch. */
  batch: number[];
  private answers: number[][] = [];

  constructor(readonly contents: Contents) {
    this.net = new Net(contents);
    const { names, labels, known, pixels } = contents.images;
    const all = bytes(pixels);
    const each = all.length / names.length;
    this.images = names.map((name, n) => ({
      name,
      pixels: all.subarray(n * each, (n + 1) * each),
      label: labels[n],
      known: known[n],
      stored: n,
    }));
    this.states = [this.net.start];
    this.batch = names.map((_, n) => n);
    this.run = this.computed(this.state);
    this.verdict = check(this.run);
    this.answer();
  }

  get side(): number {
    return Math.round(Math.sqrt(sizeOf(this.net.calls[0].shape)));
  }

  get state(): State {
    return this.states[this.states.length - 1];
  }

  private batchOf(images: Image[]): Batch {
    return {
      pixels: images.map((image) => image.pixels),
      labels: images.map((image) => image.label),
      stored: images.map((image) => image.stored ?? 0),
    };
  }

  private computed(state: State, training = true): Run {
    return new Run(this.net, state, this.batchOf(this.batch.map((n) => this.images[n])), training);
  }

  private compute(): void {
    this.run = this.computed(this.state);
    const earlier = this.states[this.states.length - 2];
    this.before = earlier ? this.computed(earlier) : null;
    if (this.before) this.run.compare(this.before);
    this.answer();
  }

  /** What the network says at inference of the images of the batch. */
  private answer(): void {
    if (this.fixed) {
      this.answers = this.contents.images.probabilities;
      return;
    }
    const p = (this.differs ? this.computed(this.state, false) : this.run).probabilities;
    const C = p.shape[p.shape.length - 1];
    this.answers = this.batch.map((_, n) => Array.from(p.data.subarray(n * C, (n + 1) * C)));
  }

  /** Whether the network computes something else at inference than in training. */
  get differs(): boolean {
    return this.net.calls.some((call) => call.kind === "BatchNormalization" || call.kind === "Dropout");
  }

  says(n: number): number[] {
    return this.answers[n];
  }

  /** Why nothing can be changed here, if it cannot: closed layers have numbers for this batch and these weights only. */
  get fixed(): string | null {
    const [closed] = this.net.closed;
    return closed ? `${closed.name} is closed (${closed.closed}), so the page has its numbers for this batch and these weights only.` : null;
  }

  /** Why there can be no step. */
  get noStep(): string | null {
    const { closed, kind } = this.contents.optimizer;
    return this.fixed ?? (closed ? `${kind} is closed: ${closed}.` : null);
  }

  setBatch(batch: number[]): void {
    if (batch.join() === this.batch.join()) return;
    this.batch = batch;
    this.compute();
  }

  /** The images that came with the page. */
  get given(): number[] {
    return this.images.flatMap((image, n) => (image.stored === null ? [] : [n]));
  }

  /** Put one's own image in; it makes a batch of its own. Return its number. */
  add(image: Image): number {
    const old = this.images.findIndex((one) => one.stored === null);
    if (old >= 0) this.images.splice(old, 1);
    this.images.push(image);
    this.batch = [this.images.length - 1];
    this.compute();
    const [said] = this.answers;
    image.label = said.indexOf(Math.max(...said));
    this.compute();
    return this.images.length - 1;
  }

  relabel(n: number, label: number): void {
    this.images[n].label = label;
    this.compute();
  }

  step(): void {
    this.states.push(after(this.run));
    this.compute();
  }

  back(): void {
    if (this.states.length < 2) return;
    this.states.pop();
    this.compute();
  }

  /** The losses of all steps so far are not kept; these are the loss now, and before the last step. */
  get losses(): [number | null, number] {
    return [this.before?.tensor("loss:L").data[0] ?? null, this.run.tensor("loss:L").data[0]];
  }
}
