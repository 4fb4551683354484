/** Softmax with cross-entropy, as in scratchnet/losses/crossentropy.py: L = -Σ t log p, and its slope (p - t)/N. */
import { softmaxRows } from "./activations.ts";
import type { Card, Ref } from "./card.ts";
import { sum, term } from "./card.ts";
import type { Run } from "./run.ts";
import { indices, type Tensor, zeros } from "./tensor.ts";

export class Loss {
  constructor(private readonly run: Run) {}

  private get end() {
    return this.run.calls[this.run.net.last];
  }

  /** The logits: what goes into the softmax. */
  get logits(): Tensor {
    const { end } = this;
    if (!this.run.net.contents.loss.fused) return end.y;
    return end.has("z") ? end.part("z") : end.x();
  }

  get probabilities(): Tensor {
    return this.run.net.contents.loss.fused ? this.end.y : this.run.tensor("loss:p");
  }

  get classes(): number {
    return this.logits.shape[this.logits.shape.length - 1];
  }

  softmax(): Tensor {
    const p = zeros("loss:p", this.logits.shape);
    softmaxRows(this.logits.data, this.classes, p.data);
    return p;
  }

  forward(): void {
    const { run, classes: C } = this;
    const { N } = run;
    const { smoothing } = run.net.contents.loss;
    if (!run.net.contents.loss.fused) run.add(this.softmax());
    const t = run.add(zeros("loss:t", [N, C]));
    const each = run.add(zeros("loss:each", [N]));
    const mean = run.add(zeros("loss:L", [1]));
    const z = this.logits.data;
    for (let n = 0; n < N; n++) {
      for (let k = 0; k < C; k++) {
        const right = k === run.batch.labels[n] ? 1 : 0;
        t.data[n * C + k] = smoothing ? (1 - smoothing) * right + smoothing / C : right;
      }
      const log = this.logarithm(n);
      for (let k = 0; k < C; k++) each.data[n] += t.data[n * C + k] * (log - z[n * C + k]);
      mean.data[0] += each.data[n] / N;
    }
  }

  /** log Σ e^z of an image's logits. */
  private logarithm(n: number): number {
    const { classes: C } = this;
    const z = this.logits.data.subarray(n * C, (n + 1) * C);
    const most = Math.max(...z);
    return most + Math.log(z.reduce((total, one) => total + Math.exp(one - most), 0));
  }

  /** Write ∂L/∂z = (p - t)/N. */
  slopes(dz: Float64Array): void {
    const p = this.probabilities.data;
    const t = this.run.tensor("loss:t").data;
    for (let i = 0; i < dz.length; i++) dz[i] = (p[i] - t[i]) / this.run.N;
  }

  private get source() {
    return [{ name: "losses/crossentropy.py", steps: [] as number[] }];
  }

  private rows(n: number, marked: number): Card["blocks"][number] {
    const { classes: C, run } = this;
    const t = run.tensor("loss:t");
    const gradient = this.slopeName;
    const row = (k: number) => n * C + k;
    return {
      kind: "table",
      title: "All classes of this image",
      head: ["class", "z", "p", "t", "(p − t)/N"],
      rows: Array.from({ length: C }, (_, k) => ({
        name: run.net.contents.classes[k] ?? String(k),
        marked: k === marked,
        cells: [
          { value: this.logits.data[row(k)], ref: ref(this.logits, row(k)) },
          { value: this.probabilities.data[row(k)], ref: ref(this.probabilities, row(k)) },
          { value: t.data[row(k)], ref: ref(t, row(k)) },
          { value: run.tensor(gradient).data[row(k)], ref: { tensor: gradient, index: row(k) } },
        ],
      })),
    };
  }

  /** The name of the tensor that holds ∂L/∂z. */
  get slopeName(): string {
    const { end } = this;
    if (!this.run.net.contents.loss.fused) return end.name("dy");
    if (end.has("dz")) return end.name("dz");
    const source = this.run.calls[end.spec.inputs[0]];
    return source.usedOnce ? source.name("dy") : end.name("dx0");
  }

  /** How a slope (p - t)/N came about. */
  slopeCard(index: number): Card {
    const { run, classes: C } = this;
    const n = Math.floor(index / C);
    const k = index % C;
    const t = run.tensor("loss:t");
    const p = this.probabilities;
    const name = run.net.contents.classes[k] ?? String(k);
    const right = run.batch.labels[n] === k;
    const result = (p.data[index] - t.data[index]) / run.N;
    return {
      formula: "∂L/∂z[n,k] = (p[n,k] − t[n,k]) / N",
      why: [
        right
          ? `The image is of class ${name}: t is 1, so p − t is negative, and a step raises this logit.`
          : `The image is not of class ${name}: t is 0, so p − t is p, and a step lowers this logit.`,
        `1/N: the loss is the mean over the ${run.N} images of the batch, and this is the one place where it is divided.`,
      ],
      blocks: [
        {
          kind: "lines",
          title: "What the network said, less what is true",
          lines: [
            {
              name: "p − t, over N",
              parts: ["(", { value: p.data[index], ref: ref(p, index) }, " − ", { value: t.data[index], ref: ref(t, index) }, `) / ${run.N}`],
              value: result,
              step: 3,
            },
          ],
        },
        this.rows(n, k),
      ],
      result,
      sources: [{ ...this.source[0], steps: [3] }],
    };
  }

  card(part: string, index: number): Card {
    if (part === "L") return this.meanCard();
    if (part === "t") return this.truthCard(index);
    if (part === "p") return this.probabilityCard(this.probabilities, index);
    return this.eachCard(index);
  }

  private meanCard(): Card {
    const each = this.run.tensor("loss:each");
    const { N } = this.run;
    const terms = Array.from(each.data, (value, n) => term([{ value, ref: ref(each, n) }, { value: 1 / N, text: "1/N" }]));
    const total = sum("The mean over the batch", terms);
    return {
      formula: "L = (1/N) Σ_n L[n]",
      why: ["The one number that training makes smaller. All gradients of this page are its slopes."],
      blocks: [total],
      result: total.total,
      sources: this.source,
    };
  }

  private truthCard(index: number): Card {
    const t = this.run.tensor("loss:t");
    const [n, k] = indices(t.shape, index);
    const right = this.run.batch.labels[n] === k;
    const { smoothing } = this.run.net.contents.loss;
    const why = [right ? "This is the class of the image: t is 1." : "The image is of another class: t is 0."];
    if (smoothing) why.push(`A share ${smoothing} of the truth is given to all classes alike (label smoothing).`);
    return { formula: "t[n,k] = 1 for the right class, else 0", why, blocks: [], result: t.data[index], sources: this.source };
  }

  private eachCard(n: number): Card {
    const { run, classes: C } = this;
    const t = run.tensor("loss:t");
    const z = this.logits;
    const log = this.logarithm(n);
    const terms = Array.from({ length: C }, (_, k) => {
      const i = n * C + k;
      return term(
        [{ value: t.data[i], ref: ref(t, i) }, { value: log - z.data[i], text: `−log p[${k}]` }],
        run.net.contents.classes[k],
      );
    });
    const total = sum("−Σ t log p", terms);
    return {
      formula: "L[n] = −Σ_k t[n,k] log p[n,k]",
      why: ["The surprise at the right class: 0 if the network was sure of it, without bound as its p goes to 0."],
      blocks: [
        total,
        {
          kind: "lines",
          title: "The logarithm, from the logits",
          lines: [{ name: "log Σ eᶻ", parts: [`over all ${C} logits`], value: log, step: 2 }],
        },
        this.rows(n, run.batch.labels[n]),
      ],
      result: total.total,
      sources: [{ ...this.source[0], steps: [1, 2] }],
    };
  }

  /** How a probability came about, from its row of logits. */
  probabilityCard(p: Tensor, index: number): Card {
    const { run, classes: C } = this;
    const n = Math.floor(index / C);
    const z = this.logits;
    const log = this.logarithm(n);
    const result = Math.exp(z.data[index] - log);
    const name = run.net.contents.classes[index % C] ?? String(index % C);
    return {
      formula: "p[n,k] = e^z[n,k] / Σ_j e^z[n,j]",
      why: [`How probable the network finds ${name}: its share in the sum of all eᶻ.`],
      blocks: [
        {
          kind: "lines",
          title: "softmax",
          lines: [
            { name: "log Σ eᶻ", parts: [`over all ${C} logits`], value: log },
            { name: "p", ref: ref(p, index), parts: ["exp(", { value: z.data[index], ref: ref(z, index) }, ` − log Σ eᶻ)`], value: result },
          ],
        },
        ...(run.tensors.has("loss:t") ? [this.rows(n, index % C)] : []),
      ],
      result,
      sources: [{ name: "Softmax", steps: [] }],
    };
  }
}

function ref(tensor: Tensor, index: number): Ref {
  return { tensor: tensor.name, index };
}
