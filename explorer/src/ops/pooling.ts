/** Pooling: the largest number of each window, or the mean; each channel by itself. */
import { type Card, type Cell, sum, type Term, term } from "../card.ts";
import type { Call } from "../run.ts";
import { flat, indices } from "../tensor.ts";
import { line, link, type Op, oneLine, slopeOfOutput, source } from "./op.ts";
import { eachWindow, over, under, windows } from "./windows.ts";

function geometry(call: Call) {
  const [N, H, W, C] = call.x().shape;
  const [OH, OW] = call.spec.shape;
  return { N, H, W, C, OH, OW, spec: call.spec.config.windows! };
}

/** Where the pixels under a window lie in x. */
function pixels(call: Call, n: number, oh: number, ow: number, c: number): number[] {
  const { H, W, C, spec } = geometry(call);
  return under(spec, [H, W], oh, ow).map(({ h, w }) => ((n * H + h) * W + w) * C + c);
}

/** The pixel that a window pays: the first of the largest, row by row. */
function winner(call: Call, places: number[]): number {
  const x = call.x().data;
  return places.reduce((best, place) => (x[place] > x[best] ? place : best));
}

function eachPool(call: Call, visit: (y: number, places: number[]) => void): void {
  const { N, C, OW, OH, spec } = geometry(call);
  for (let n = 0; n < N; n++)
    eachWindow(spec, (oh, ow) => {
      for (let c = 0; c < C; c++) visit(((n * OH + oh) * OW + ow) * C + c, pixels(call, n, oh, ow, c));
    });
}

function cells(call: Call, places: number[], won: number | null): Cell[] {
  const x = call.x();
  return places.map((place) => ({
    ...link(x, place),
    winner: place === won,
    note: won === null ? "" : place === won ? "won" : x.data[place] === x.data[won] ? "as large, but later" : "lost",
  }));
}

function columns(call: Call, places: number[]): number {
  const { x } = { x: call.x() };
  const first = indices(x.shape, places[0])[1];
  return places.filter((place) => indices(x.shape, place)[1] === first).length;
}

function outcome(won: number, windows: number): string {
  if (windows === 1) return won ? "won it" : "lost";
  return won ? `won ${won} of them` : "won none";
}

export const maxPooling2d: Op = {
  forward(call) {
    const x = call.x().data;
    const y = call.make("y").data;
    eachPool(call, (at, places) => {
      y[at] = x[winner(call, places)];
    });
  },

  backward(call) {
    const dy = slopeOfOutput(call).data;
    const dx = call.dx();
    eachPool(call, (at, places) => {
      dx[winner(call, places)] += dy[at];
    });
    call.handBack();
  },

  card(call, _, index) {
    const [n, oh, ow, c] = indices(call.y.shape, index);
    const places = pixels(call, n, oh, ow, c);
    const won = winner(call, places);
    const ties = places.filter((place) => call.x().data[place] === call.x().data[won]).length;
    return {
      formula: "y[n,oh,ow,c] = max over the window of x[n,h,w,c]",
      why: [
        ties > 1 ? `${ties} numbers of the window are equally large: the first of them wins.` : "The largest of the window wins; the others are forgotten.",
      ],
      blocks: [{ kind: "window", title: "The winner and the losers", columns: columns(call, places), cells: cells(call, places, won) }],
      result: call.x().data[won],
      sources: [source(call, [1])],
    };
  },

  slope(call, _, index) {
    const { OH, OW, spec } = geometry(call);
    const dy = call.part("dy");
    const [n, h, w, c] = indices(call.x().shape, index);
    const places = over(spec, h, w);
    const terms: Term[] = [];
    let won = 0;
    const blocks: Card["blocks"] = [];
    for (const { oh, ow } of places) {
      const pool = pixels(call, n, oh, ow, c);
      const best = winner(call, pool);
      const wins = best === index;
      if (wins) won++;
      terms.push(
        term([link(dy, flat(dy.shape, [n, oh, ow, c])), { value: wins ? 1 : 0, text: wins ? "it won" : "it lost" }]),
      );
      blocks.push({
        kind: "window",
        title: `Window ${oh}, ${ow}: ${wins ? "it won, and gets the whole dy" : "another won, so it gets nothing"}`,
        columns: columns(call, pool),
        cells: cells(call, pool, best),
      });
    }
    const total = sum("What each window over it pays", terms);
    const left = places.length ? "" : ` (the ${OH}×${OW} windows end before it)`;
    return {
      formula: "dx[n,h,w,c] = Σ over windows on (h,w)   dy[n,oh,ow,c] if it won, else 0",
      why: [`It lies under ${windows(places.length)}${left} and ${outcome(won, places.length)}. Only a winner is paid.`],
      blocks: [total, ...blocks],
      result: total.total,
      sources: [source(call, [2, 3])],
    };
  },
};

export const averagePooling2d: Op = {
  forward(call) {
    const x = call.x().data;
    const y = call.make("y").data;
    eachPool(call, (at, places) => {
      y[at] = places.reduce((total, place) => total + x[place], 0) / places.length;
    });
  },

  backward(call) {
    const dy = slopeOfOutput(call).data;
    const dx = call.dx();
    eachPool(call, (at, places) => {
      for (const place of places) dx[place] += dy[at] / places.length;
    });
    call.handBack();
  },

  card(call, _, index) {
    const [n, oh, ow, c] = indices(call.y.shape, index);
    const places = pixels(call, n, oh, ow, c);
    const share = { value: 1 / places.length, text: `1/${places.length}` };
    const total = sum("The mean of the window", places.map((place) => term([link(call.x(), place), share])));
    return {
      formula: "y[n,oh,ow,c] = Σ x[n,h,w,c] / size, over the window",
      why: ["Only pixels count, in the sum and in what it is divided by: the padding is no measurement."],
      blocks: [total, { kind: "window", title: "The window", columns: columns(call, places), cells: cells(call, places, null) }],
      result: total.total,
      sources: [source(call, [1, 2])],
    };
  },

  slope(call, _, index) {
    const { spec } = geometry(call);
    const dy = call.part("dy");
    const [n, h, w, c] = indices(call.x().shape, index);
    const places = over(spec, h, w);
    const terms = places.map(({ oh, ow }) => {
      const size = pixels(call, n, oh, ow, c).length;
      return term([link(dy, flat(dy.shape, [n, oh, ow, c])), { value: 1 / size, text: `1/${size}` }]);
    });
    const total = sum("Its part from each window over it", terms);
    return {
      formula: "dx[n,h,w,c] = Σ over windows on (h,w)   dy[n,oh,ow,c] / size",
      why: [`It lies under ${windows(places.length)}. All pixels of a window get the same part.`],
      blocks: [total],
      result: total.total,
      sources: [source(call, [3, 4])],
    };
  },
};

/** The pixels of one channel of one image. */
function channel(call: Call, n: number, c: number): number[] {
  const { H, W, C } = { H: call.x().shape[1], W: call.x().shape[2], C: call.x().shape[3] };
  return Array.from({ length: H * W }, (_, i) => (n * H * W + i) * C + c);
}

/** n and c of the output, which may have axes of length 1 between them. */
function whole(call: Call, index: number): [number, number] {
  const C = call.x().shape[3];
  return [Math.floor(index / C), index % C];
}

export const globalAveragePooling2d: Op = {
  forward(call) {
    const x = call.x().data;
    const y = call.make("y").data;
    for (let i = 0; i < y.length; i++) {
      const places = channel(call, ...whole(call, i));
      y[i] = places.reduce((total, place) => total + x[place], 0) / places.length;
    }
  },

  backward(call) {
    const dy = slopeOfOutput(call).data;
    const dx = call.dx();
    for (let i = 0; i < dy.length; i++) {
      const places = channel(call, ...whole(call, i));
      for (const place of places) dx[place] += dy[i] / places.length;
    }
    call.handBack();
  },

  card(call, _, index) {
    const places = channel(call, ...whole(call, index));
    const share = { value: 1 / places.length, text: `1/${places.length}` };
    const total = sum("Every pixel of the channel", places.map((place) => term([link(call.x(), place), share])));
    return {
      formula: "y[n,c] = Σ_hw x[n,h,w,c] / (H·W)",
      why: ["The mean of the channel: where something was seen no longer matters, only how much of it."],
      blocks: [total],
      result: total.total,
      sources: [source(call, [1])],
    };
  },

  slope(call, _, index) {
    const [, H, W, C] = call.x().shape;
    const at = Math.floor(index / (H * W * C)) * C + (index % C);
    const dy = call.part("dy");
    const value = dy.data[at] / (H * W);
    return oneLine(call, "dx[n,h,w,c] = dy[n,c] / (H·W)", ["Every pixel of the channel gets the same part."], line("dx", [link(dy, at), ` / ${H * W}`], value, 2));
  },
};

export const globalMaxPooling2d: Op = {
  forward(call) {
    const x = call.x().data;
    const y = call.make("y").data;
    for (let i = 0; i < y.length; i++) y[i] = channel(call, ...whole(call, i)).reduce((most, place) => Math.max(most, x[place]), -Infinity);
  },

  backward(call) {
    const x = call.x().data;
    const dy = slopeOfOutput(call).data;
    const dx = call.dx();
    for (let i = 0; i < dy.length; i++) {
      const winners = channel(call, ...whole(call, i)).filter((place) => x[place] === call.y.data[i]);
      for (const place of winners) dx[place] += dy[i] / winners.length;
    }
    call.handBack();
  },

  card(call, _, index) {
    const places = channel(call, ...whole(call, index));
    const won = winner(call, places);
    return oneLine(call, "y[n,c] = max_hw x[n,h,w,c]", [`The largest of the channel's ${places.length} numbers.`], line("y", [link(call.x(), won)], call.x().data[won], 3));
  },

  slope(call, _, index) {
    const [, H, W, C] = call.x().shape;
    const at = Math.floor(index / (H * W * C)) * C + (index % C);
    const x = call.x().data;
    const winners = channel(call, ...whole(call, at)).filter((place) => x[place] === call.y.data[at]);
    const share = winners.includes(index) ? 1 / winners.length : 0;
    const dy = call.part("dy");
    const why = share ? (winners.length > 1 ? `It is one of ${winners.length} largest, which share.` : "It is the largest, and gets all.") : "Another is the largest: nothing comes back.";
    return oneLine(call, "dx[n,h,w,c] = dy[n,c] · share[n,h,w,c]", [why], line("dx", [link(dy, at), " × ", { value: share, text: "share" }], dy.data[at] * share, 5));
  },
};
