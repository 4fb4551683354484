/** A place in the page, written into the address so that a link brings one back: what is seen, and which number. */
export interface Place {
  tensor: string;
  index: number | null;
  image: number;
  channel: number;
  /** "all" images in the batch, or this one alone. */
  batch: "all" | "one";
}

export function written(place: Place, shape: readonly number[], at: (index: number) => number[]): string {
  const parts = new URLSearchParams({ t: place.tensor });
  if (place.index !== null && shape.length) parts.set("at", at(place.index).join(","));
  parts.set("image", String(place.image));
  if (place.channel) parts.set("channel", String(place.channel));
  if (place.batch === "one") parts.set("batch", "one");
  return `#${String(parts).replaceAll("%3A", ":").replaceAll("%2C", ",")}`;
}

/** What an address says; null where it says nothing, or what this network has not. */
export function read(hash: string): { tensor: string; at: number[] | null; image: number; channel: number; batch: "all" | "one" } | null {
  const parts = new URLSearchParams(hash.replace(/^#/, ""));
  const tensor = parts.get("t");
  if (!tensor) return null;
  const at = parts.get("at")?.split(",").map(Number) ?? null;
  if (at?.some((n) => !Number.isInteger(n) || n < 0)) return null;
  const whole = (name: string) => Math.max(0, Math.trunc(Number(parts.get(name) ?? 0)) || 0);
  return { tensor, at, image: whole("image"), channel: whole("channel"), batch: parts.get("batch") === "one" ? "one" : "all" };
}
