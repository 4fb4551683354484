import assert from "node:assert/strict";
import { test } from "node:test";
import type { Block, Card, Factor } from "../src/card.ts";
import { check } from "../src/check.ts";
import { explain } from "../src/explain.ts";
import { after } from "../src/optimizer.ts";
import { movedName } from "../src/names.ts";
import { partner, showOf } from "../src/parts.ts";
import { Run } from "../src/run.ts";
import { largest } from "../src/tensor.ts";
import { contentsOf, NETWORKS, runOf } from "./fixtures.ts";

const EACH = 25;

function factors(block: Block): Factor[] {
  if (block.kind === "sum") return block.terms.flatMap((term) => term.factors);
  if (block.kind === "lines") return block.lines.flatMap((line) => line.parts.filter((part) => typeof part !== "string"));
  if (block.kind === "window") return block.cells.map((cell) => ({ value: cell.value!, ref: cell.ref }));
  return block.rows.flatMap((row) => row.cells.filter((cell) => typeof cell !== "string"));
}

/** Some numbers of every tensor that there is, spread over it. */
function each(run: Run, visit: (tensor: string, index: number, value: number, most: number) => void): void {
  const slots = [...run.state.slots.values()].flatMap((own) => [...own.values()]);
  for (const tensor of [...run.tensors.values(), ...run.state.weights.values(), ...slots]) {
    const most = largest(tensor.data);
    const { length } = tensor.data;
    for (let k = 0; k < Math.min(EACH, length); k++) {
      const index = Math.floor((k * length) / Math.min(EACH, length));
      visit(tensor.name, index, tensor.data[index], most);
    }
  }
}

for (const name of NETWORKS) {
  test(`${name}: what is recomputed agrees with the NumPy definitions`, () => {
    const verdict = check(runOf(name));
    assert.ok(verdict.ok, `${verdict.where} is off by ${verdict.worst}`);
    assert.ok(verdict.compared > 500);
  });

  test(`${name}: every number is what its card's arithmetic comes to`, () => {
    const run = runOf(name);
    each(run, (tensor, index, value, most) => {
      const { result } = explain(run, tensor, index);
      assert.ok(Math.abs(result - value) <= 1e-12 * (most || 1), `${tensor}[${index}]: ${result}, not ${value}`);
    });
  });

  test(`${name}: every link leads to the number that it shows`, () => {
    const run = runOf(name);
    each(run, (tensor, index) => {
      for (const { ref, value, text } of explain(run, tensor, index).blocks.flatMap(factors))
        if (ref && text === undefined) assert.equal(run.tensor(ref.tensor).data[ref.index], value, `${tensor}[${index}] → ${ref.tensor}`);
    });
  });

  test(`${name}: the steps that a card names are numbered steps of its source`, () => {
    const run = runOf(name);
    const { sources } = run.net.contents;
    each(run, (tensor, index) => {
      for (const { name: file, steps } of explain(run, tensor, index).sources)
        for (const step of steps) if (sources[file]) assert.match(sources[file].text, new RegExp(`# \\(${step}\\)`), `${tensor}: (${step}) in ${file}`);
    });
  });
}

test("a changed number is found, with its name", () => {
  const contents = contentsOf("chain");
  const { entries, largest: most } = contents.check.tensors.find((one) => one.name === "norm:dy")!;
  entries[3][1] += 2e-12 * most;
  const run = runOf("chain");
  run.net.contents.check = contents.check;
  const verdict = check(run);
  assert.equal(verdict.ok, false);
  assert.match(verdict.where, /norm:dy/);
});

test("a missing tensor is found", () => {
  const run = runOf("chain");
  run.tensors.delete("dense:dz");
  run.net.contents.check.tensors.push({ name: "dense:dz", size: 15, largest: 1, sum: 0, entries: [] });
  assert.equal(check(run).ok, false);
});

test("a step puts the new weights in the place of the old ones, and makes the loss smaller", () => {
  for (const name of NETWORKS.filter((one) => one !== "closed")) {
    const run = runOf(name);
    const next = new Run(run.net, after(run), run.batch);
    for (const [weight, tensor] of next.state.weights) {
      const moved = run.find(weight.replace(/:(?=[^:]*$)/, ":new."));
      assert.deepEqual(tensor.data, moved ? moved.data : run.state.weights.get(weight)!.data, weight);
    }
    assert.equal(next.state.iterations, run.state.iterations + 1);
    assert.ok(next.tensor("loss:L").data[0] < run.tensor("loss:L").data[0], name);
  }
});

test("an image alone has the loss that it has in the batch, and N times its gradient", () => {
  const run = runOf("functions");
  const alone = new Run(run.net, run.state, { pixels: [run.batch.pixels[1]], labels: [run.batch.labels[1]], stored: [1] });
  assert.ok(Math.abs(alone.tensor("loss:L").data[0] - run.tensor("loss:each").data[1]) < 1e-12);
  const dz = run.tensor("dense_7:dy").data;
  const own = alone.tensor("dense_7:dy").data;
  for (let k = 0; k < 4; k++) assert.ok(Math.abs(own[k] - 3 * dz[4 + k]) < 1e-14);
});

test("a closed layer says why, and that Python computed the number", () => {
  const card: Card = explain(runOf("closed"), "depthwise_conv2d:y", 0);
  assert.match(card.why.join(" "), /closed: the page has no DepthwiseConv2D/);
});

test("what a step has moved is the difference of before and after, of values and of weights", () => {
  for (const name of NETWORKS.filter((one) => one !== "closed")) {
    const run = runOf(name);
    const next = new Run(run.net, after(run), run.batch);
    next.compare(run);
    for (const [weight, tensor] of next.state.weights) {
      const moved = next.tensor(movedName(weight)).data;
      tensor.data.forEach((value, i) => assert.equal(moved[i], value - run.state.weights.get(weight)!.data[i]));
    }
    assert.ok(next.tensor("loss:moved.L").data[0] < 0);
    for (const tensor of next.moved.values()) {
      assert.equal(showOf(next, tensor.name), "change");
      const card = explain(next, tensor.name, 0);
      assert.equal(card.result, tensor.data[0]);
      const [now, was] = card.blocks.flatMap(factors);
      assert.equal(now.value - was.value, card.result);
      for (const show of ["values", "gradients", "step", "change"] as const) assert.equal(showOf(next, partner(next, tensor.name, show)), show, `${tensor.name} → ${show}`);
    }
  }
});
