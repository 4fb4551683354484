/** One's own image: drawn on a small canvas, or loaded from a file. */
import { h } from "./dom.ts";
import { prepared } from "../images/preparing.ts";

export interface Own {
  pixels: Uint8Array;
  name: string;
  done: string;
}

const SCALE = 10;

/** Open the canvas. Resolves to what was drawn, or null. */
export function drawn(side: number): Promise<Own | null> {
  const pixels = new Float32Array(side * side);
  const canvas = h("canvas", {
    width: side * SCALE,
    height: side * SCALE,
    class: "drawing",
    tabindex: 0,
    role: "application",
    "aria-label": "Canvas: draw with the mouse or a finger, or with the arrow keys while Space is on",
  });
  const context = canvas.getContext("2d")!;
  const hint = h("p", { class: "facts", role: "status" }, "White on black, filling the frame. By keyboard: arrows move, Space switches the pen.");
  let at: [number, number] = [side / 2, side / 2];
  let pen = false;

  const paint = (x: number, y: number) => {
    for (let row = 0; row < side; row++)
      for (let column = 0; column < side; column++) {
        const far = Math.hypot(column + 0.5 - x, row + 0.5 - y);
        const shade = Math.max(0, Math.min(1, 1.9 - far));
        pixels[row * side + column] = Math.max(pixels[row * side + column], shade);
      }
  };
  const redraw = () => {
    pixels.forEach((shade, i) => {
      const grey = Math.round(255 * shade);
      context.fillStyle = `rgb(${grey} ${grey} ${grey})`;
      context.fillRect((i % side) * SCALE, Math.floor(i / side) * SCALE, SCALE, SCALE);
    });
    context.strokeStyle = pen ? "#fa9e54" : "#68b0fa";
    context.lineWidth = 2;
    context.strokeRect(Math.floor(at[0]) * SCALE, Math.floor(at[1]) * SCALE, SCALE, SCALE);
  };
  const pointed = (event: PointerEvent) => {
    const box = canvas.getBoundingClientRect();
    at = [((event.clientX - box.left) / box.width) * side, ((event.clientY - box.top) / box.height) * side];
    if (event.buttons) paint(...at);
    redraw();
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    pointed(event);
  });
  canvas.addEventListener("pointermove", pointed);
  canvas.addEventListener("keydown", (event) => {
    const moves: Record<string, [number, number]> = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
    const move = moves[event.key];
    if (event.key === " ") pen = !pen;
    else if (move) at = at.map((one, k) => Math.max(0.5, Math.min(one + move[k], side - 0.5))) as [number, number];
    else return;
    event.preventDefault();
    if (pen) paint(...at);
    redraw();
  });

  return new Promise((resolve) => {
    const done = (own: Own | null) => {
      dialog.remove();
      resolve(own);
    };
    const use = () => {
      const grey = Uint8Array.from(pixels, (shade) => Math.round(255 * shade));
      if (!grey.some((shade) => shade > 0)) hint.textContent = "Nothing is drawn yet.";
      else done({ pixels: grey, name: "your drawing", done: "" });
    };
    const dialog = h(
      "dialog",
      { class: "own-dialog", "aria-label": "Draw an image", oncancel: () => done(null) },
      h("h2", {}, "Draw an image"),
      hint,
      canvas,
      h(
        "div",
        { class: "time" },
        h("button", { type: "button", onclick: () => { pixels.fill(0); redraw(); } }, "Clear"),
        h("button", { type: "button", onclick: () => done(null) }, "Cancel"),
        h("button", { type: "button", class: "main", onclick: use }, "Use it"),
      ),
    );
    document.body.append(dialog);
    redraw();
    dialog.showModal();
    canvas.focus();
  });
}

/** Ask for a file. Resolves to the image in it, prepared as `scratchnet predict` does, or to a sentence. */
export function loaded(side: number): Promise<Own | string | null> {
  return new Promise((resolve) => {
    const input = h("input", { type: "file", accept: "image/*", class: "hidden", "aria-label": "An image file" });
    const finish = (result: Own | string | null) => {
      input.remove();
      resolve(result);
    };
    input.addEventListener("cancel", () => finish(null));
    input.addEventListener("change", async () => {
      const [file] = input.files ?? [];
      finish(file ? await fromFile(file, side) : null);
    });
    document.body.append(input);
    input.click();
  });
}

const MOST_PIXELS = 40_000_000;

export async function fromFile(file: File, side: number): Promise<Own | string> {
  let picture: ImageBitmap;
  try {
    picture = await createImageBitmap(file, { colorSpaceConversion: "none" }); // the file's numbers, as Python reads them
  } catch {
    return `${file.name} is not an image that this browser can read: expected PNG or JPEG.`;
  }
  const { width, height } = picture;
  if (width * height > MOST_PIXELS) return `${file.name} has too many pixels (${width}×${height}): make it smaller first.`;
  const context = new OffscreenCanvas(width, height).getContext("2d")!;
  context.drawImage(picture, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  const { pixels, found, steps, doubts } = prepared({ pixels: data, width, height, channels: 4 }, side);
  if (!found) return `${file.name} shows nothing that stands out from its background.`;
  const unsure = doubts.length ? `; unsure, because ${doubts.join(", and ")}` : "";
  return { pixels, name: file.name, done: steps.join(", ") + unsure };
}
