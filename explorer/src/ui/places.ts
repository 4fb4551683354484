/** Where one is in the page: which number of which tensor, and where that is once something else has changed. */
import { split } from "../net.ts";
import { label, partner, type Show } from "../parts.ts";
import { type Place, read, written } from "../place.ts";
import { flat, indices, type Tensor } from "../tensor.ts";
import type { Session } from "./session.ts";
import { isWeight } from "./strip.ts";
import { isBatched } from "./views.ts";

/** Where a reader starts: the largest number of the first layer that sums anything. */
export function beginning({ run }: Session): Place {
  const call = run.calls.find((one) => one.operation && run.net.weightsOf(one.spec).length) ?? run.calls[0];
  const tensor = call.has("z") ? call.part("y") : call.y;
  const own = tensor.data.subarray(0, tensor.data.length / run.N);
  const index = own.reduce((best, value, i) => (Math.abs(value) > Math.abs(own[best]) ? i : best), 0);
  const channel = tensor.shape.length === 4 ? indices(tensor.shape, index)[3] : 0;
  return { tensor: tensor.name, index, image: 0, channel, batch: "all" };
}

/** Where an address leads to; on the way the batch becomes the one that it asks for. Null if it says nothing. */
export function followed(session: Session, address: string, before: Place): { place: Place; complaint: string } | null {
  const wanted = read(address);
  if (!wanted) return null;
  const image = Math.min(wanted.image, session.images.length - 1);
  const batch = session.images[image].stored === null || wanted.batch === "one" ? "one" : "all";
  if (!session.fixed) session.setBatch(batch === "one" ? [image] : session.given);
  const tensor = session.run.find(wanted.tensor);
  const place = { ...before, image, channel: wanted.channel, batch } as const;
  if (tensor) return { place: fitted(session, { ...place, tensor: wanted.tensor, index: placed(tensor, wanted.at) }), complaint: "" };
  const complaint = wanted.tensor.includes(":moved.") ? "Nothing has moved yet: take one step first." : `This network has no tensor ${wanted.tensor}.`;
  return { place: fitted(session, { ...place, index: null }), complaint };
}

/** Have image and channel agree with the number that is open, and the tensor be one that there is. */
export function fitted(session: Session, place: Place): Place {
  const { run, batch } = session;
  if (!run.find(place.tensor)) return fitted(session, { ...place, tensor: partner(run, place.tensor, "values") });
  const tensor = run.tensor(place.tensor);
  const batched = batchedIn(session, tensor);
  const channels = batched && tensor.shape.length === 4 ? tensor.shape[3] : 1;
  const channel = Math.min(place.channel, channels - 1);
  if (place.index === null || !batched) return { ...place, channel };
  const at = indices(tensor.shape, place.index);
  return { ...place, image: batch[at[0]], channel: channels > 1 ? at[3] : channel };
}

/** The same number, of another image, or of a batch of another size. */
export function ofImage(session: Session, place: Place, image: number, alone: boolean): Place {
  return { ...place, image, batch: alone ? "one" : "all", index: sameNumber(session, place, image, alone) };
}

function sameNumber(session: Session, { tensor: name, index }: Place, image: number, alone: boolean): number | null {
  const { run } = session;
  const tensor = run.tensor(name);
  if (index === null || !batchedIn(session, tensor)) return index;
  const each = tensor.data.length / run.N;
  const batch = alone ? [image] : session.given;
  const found = (index % each) + each * Math.max(batch.indexOf(image), 0);
  return found < tensor.data.length ? found : found % each;
}

/** The same number's other side: its gradient, its step, what moved it. */
export function otherSide({ run }: Session, place: Place, show: Show): Place {
  const tensor = partner(run, place.tensor, show);
  const same = run.tensor(tensor).shape.join() === run.tensor(place.tensor).shape.join();
  return { ...place, tensor, index: same ? place.index : null };
}

export function batchedIn({ run }: Session, tensor: Tensor): boolean {
  return isBatched(tensor, run.N, isWeight(run, tensor.name));
}

export function addressOf({ run }: Session, place: Place): string {
  const shape = run.find(place.tensor)?.shape ?? [];
  return written(place, shape, (index) => indices(shape, index));
}

/** What a number is called: "Conv_1 y[0, 3, 4, 7]". */
export function called({ run }: Session, tensor: string, index: number): string {
  const [owner, part] = split(tensor);
  return `${owner} ${label(part)}[${indices(run.tensor(tensor).shape, index).join(", ")}]`;
}

/** The number at these indices; null if there is none. */
function placed(tensor: Tensor, at: number[] | null): number | null {
  if (!at || at.length !== tensor.shape.length || at.some((n, axis) => n >= tensor.shape[axis])) return null;
  return flat(tensor.shape, at);
}
