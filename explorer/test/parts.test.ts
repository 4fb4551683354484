import assert from "node:assert/strict";
import { test } from "node:test";
import { activation, erf } from "../src/activations.ts";
import { shortened, term } from "../src/card.ts";
import { exactSum } from "../src/check.ts";
import { over, under } from "../src/ops/windows.ts";
import { label, partner, showOf } from "../src/parts.ts";
import { read, written } from "../src/place.ts";
import { flat, indices } from "../src/tensor.ts";
import { marked } from "../src/ui/code.ts";
import { inUnit, signed, unitName, unitOf } from "../src/ui/format.ts";
import { viewOf } from "../src/ui/views.ts";
import { runOf } from "./fixtures.ts";

test("a place and its indices are two ways to say the same", () => {
  const shape = [3, 4, 5, 2];
  for (let i = 0; i < 120; i++) assert.equal(flat(shape, indices(shape, i)), i);
});

test("a pixel lies under exactly those windows that have it", () => {
  const spec = { size: [3, 2], strides: [2, 1], dilation: [1, 2], before: [1, 1], count: [4, 6] } as const;
  const windows = structuredClone(spec) as unknown as Parameters<typeof over>[0];
  for (let h = 0; h < 7; h++)
    for (let w = 0; w < 6; w++) {
      const found = over(windows, h, w).map(({ oh, ow, i, j }) => [oh, ow, i, j].join());
      const wanted: string[] = [];
      for (let oh = 0; oh < 4; oh++)
        for (let ow = 0; ow < 6; ow++)
          for (const one of under(windows, [7, 6], oh, ow)) if (one.h === h && one.w === w) wanted.push([oh, ow, one.i, one.j].join());
      assert.deepEqual(found.sort(), wanted.sort());
    }
});

test("the largest twelve terms are shown, and all others are in the rest", () => {
  const terms = Array.from({ length: 40 }, (_, k) => term([{ value: (k % 2 ? -1 : 1) * k }]));
  const { shown, rest, count } = shortened(terms);
  assert.deepEqual(shown.map((one) => Math.abs(one.value)), Array.from({ length: 12 }, (_, k) => 39 - k));
  assert.equal(count, 28);
  assert.equal(rest + shown.reduce((total, one) => total + one.value, 0), terms.reduce((total, one) => total + one.value, 0));
});

test("a sum of numbers of very different sizes loses nothing", () => {
  assert.equal(exactSum(Float64Array.of(1, 1e100, 1, -1e100)), 2);
});

test("erf, to the last digits", () => {
  for (const [x, y] of [[0, 0], [0.5, 0.5204998778130465], [-1.5, -0.9661051464753108], [3, 0.9999779095030014], [7, 1]])
    assert.ok(Math.abs(erf(x) - y) < 1e-15, `erf(${x})`);
});

test("slopes are those of the functions, by differences", () => {
  const specs = ["relu", "leaky_relu", "elu", "selu", "sigmoid", "hard_sigmoid", "tanh", "exponential", "softplus", "silu", "gelu"];
  for (const name of specs) {
    const f = activation({ name, class: name, negative_slope: name === "leaky_relu" ? 0.3 : 0 })!;
    for (const z of [-4.1, -1.3, -0.2, 0.4, 1.7, 3.5]) {
      const difference = (f.f(z + 1e-6) - f.f(z - 1e-6)) / 2e-6;
      assert.ok(Math.abs(f.slope(z, f.f(z)) - difference) < 1e-8, `${name} at ${z}`);
    }
  }
});

test("an unknown activation is refused", () => {
  assert.throws(() => activation({ name: "wavy", class: "Wavy" }), /no activation wavy/);
});

test("a link brings one back to the same place", () => {
  const place = { tensor: "base/conv#2:new-m.kernel", index: 17, image: 3, channel: 5, batch: "one" as const };
  const found = read(written(place, [3, 4, 5], (index) => indices([3, 4, 5], index)))!;
  assert.deepEqual(found, { tensor: place.tensor, at: [0, 3, 2], image: 3, channel: 5, batch: "one" });
});

test("an address that makes no sense is passed over", () => {
  assert.equal(read(""), null);
  assert.equal(read("#nonsense"), null);
  assert.equal(read("#t=a:y&at=1,x"), null);
  assert.equal(read("#t=a:y&at=-1"), null);
  assert.equal(read("#t=a:y&image=bad")!.image, 0);
});

test("a sign is always written, with a true minus", () => {
  assert.equal(signed(0.25), "+0.2500");
  assert.equal(signed(-0.25), "−0.2500");
  assert.equal(signed(0), "0");
  assert.equal(signed(-3.2e-7), "−3.20e−7");
});

test("small numbers are written in a unit, and it is said which", () => {
  assert.equal(unitOf(0.0114), -2);
  assert.equal(inUnit(-0.0114, -2), "−1.14");
  assert.equal(inUnit(0.00002, -2), "+0.00");
  assert.equal(inUnit(0, -2), "0");
  assert.equal(unitName(-12), " × 10⁻¹²");
  assert.equal(unitName(unitOf(3)), "");
  assert.equal(unitOf(0), 0);
});

test("a step is found in the derivation and in the code", () => {
  const text = ["    dkernel = Σ x dz   (4)", "see (14) and f(4) here", "self.grads[...] = a @ b  # (4) (D, U)", "other  # (14)"].join("\n");
  assert.deepEqual(marked(text, [4]), { derivation: [0], code: [2] });
});

test("values, gradients and steps belong together", () => {
  const run = runOf("chain");
  assert.equal(partner(run, "same:y", "gradients"), "same:dy");
  assert.equal(partner(run, "same:z", "gradients"), "same:dz");
  assert.equal(partner(run, "same:dkernel", "values"), "same:kernel");
  assert.equal(partner(run, "same:kernel", "step"), "same:step.kernel");
  assert.equal(partner(run, "same:step.kernel", "gradients"), "same:dkernel");
  assert.equal(partner(run, "loss:each", "gradients"), "dense_1:dz");
  for (const tensor of run.tensors.keys())
    for (const show of ["values", "gradients", "step"] as const) assert.equal(showOf(run, partner(run, tensor, show)), show, `${tensor} → ${show}`);
  assert.equal(label("new-m.kernel"), "m′ of kernel");
});

test("every number of a tensor has one place in its view, and is found there", () => {
  for (const [shape, batched] of [[[2, 3, 4, 5], true], [[2, 50], true], [[2, 4, 3], true], [[2, 2, 3, 4], false], [[7, 9], false], [[11], false], [[1], false]] as const) {
    const tensor = { name: "t", shape, data: new Float64Array(shape.reduce((a: number, b: number) => a * b, 1)) };
    const seen = new Set<number>();
    for (let image = 0; image < (batched ? shape[0] : 1); image++) {
      const { channels } = viewOf(tensor, batched, image, 0);
      for (let channel = 0; channel < channels; channel++) {
        const view = viewOf(tensor, batched, image, channel);
        for (let row = 0; row < view.rows; row++)
          for (let column = 0; column < view.columns; column++) {
            const index = view.at(row, column);
            if (index < 0) continue;
            seen.add(index);
            assert.deepEqual(view.find(index), [row, column]);
          }
      }
    }
    assert.equal(seen.size, tensor.data.length);
  }
});
