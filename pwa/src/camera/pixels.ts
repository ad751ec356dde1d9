// The worker of the camera: everything that touches each pixel, so that the page never stands still.
/// <reference lib="webworker" />
import { findPage } from "./corners";
import { scaled, sizeOf, straighten, turned, whole, type Pixels, type Quad } from "./geometry";
import { flawOf, sharpness } from "./quality";
import type { Asked, Look, Page, Reply, Still } from "./messages";

declare const self: DedicatedWorkerGlobalScope;

const SMALL = 320; // pixels of the longer side where a page is looked for
const NATIVE = 640; // pixels of the middle whose edges are judged
const PAGE_MOST = 300_000; // bytes of a page as it is kept
const PAGE_SIDE = 2000; // pixels of the longer side: small print of an A4 page stays readable
const THUMB_SIDE = 320;
const QUALITIES = [0.82, 0.7, 0.58, 0.45];
const STILL_QUALITY = 0.92;

function canvasOf(width: number, height: number): { canvas: OffscreenCanvas; pen: OffscreenCanvasRenderingContext2D } {
  const canvas = new OffscreenCanvas(Math.max(1, Math.round(width)), Math.max(1, Math.round(height)));
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  if (!pen) throw new Error("no canvas");
  pen.imageSmoothingQuality = "high";
  pen.fillStyle = "#fff"; // what was clear becomes white, as paper is
  pen.fillRect(0, 0, canvas.width, canvas.height);
  return { canvas, pen };
}

/** A part of a picture at a scale. */
function pixelsOf(picture: ImageBitmap, scale: number, x = 0, y = 0, width = picture.width, height = picture.height): Pixels {
  const { canvas, pen } = canvasOf(width * scale, height * scale);
  pen.drawImage(picture, x, y, width, height, 0, 0, canvas.width, canvas.height);
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}

async function jpeg(canvas: OffscreenCanvas, quality: number): Promise<Uint8Array<ArrayBuffer>> {
  const blob = await canvas.convertToBlob({ type: "image/jpeg", quality });
  return new Uint8Array(await blob.arrayBuffer());
}

function look(picture: ImageBitmap): Look {
  const scale = Math.min(1, SMALL / Math.max(picture.width, picture.height));
  const small = pixelsOf(picture, scale);
  const found = findPage(small);
  const [width, height] = [Math.min(NATIVE, picture.width), Math.min(NATIVE, picture.height)];
  const middle = found ? [0, 1].map((axis) => found.reduce((sum, point) => sum + (point[axis] ?? 0), 0) / 4 / scale) : [picture.width / 2, picture.height / 2];
  const at = (centre: number, length: number, most: number): number => Math.round(Math.min(Math.max(centre - length / 2, 0), most - length));
  const sharp = sharpness(pixelsOf(picture, 1, at(middle[0] ?? 0, width, picture.width), at(middle[1] ?? 0, height, picture.height), width, height));
  return { page: found && scaled(found, 1 / scale), flaw: flawOf(small, found, sharp), width: picture.width, height: picture.height };
}

async function still(picture: ImageBitmap): Promise<Still> {
  const { canvas, pen } = canvasOf(picture.width, picture.height);
  pen.drawImage(picture, 0, 0);
  return { ...look(picture), original: await jpeg(canvas, STILL_QUALITY) };
}

/** The page between the corners as it is kept: first coarser, then smaller, until it is small enough. */
async function page(picture: ImageBitmap, quad: Quad | null, quarters: number, grey: boolean, side: number): Promise<Page> {
  const corners = turned(quad ?? whole(picture.width, picture.height), quarters);
  const [width, height] = sizeOf(corners, Math.min(side, PAGE_SIDE));
  // First to about the size it will have, by the browser's own good scaling; then straight.
  const scale = Math.min(1, (1.25 * Math.max(width, height)) / Math.max(...sizeOf(corners, Infinity)));
  const straight = quad || quarters ? straighten(pixelsOf(picture, scale), scaled(corners, scale), width, height) : pixelsOf(picture, width / picture.width);
  if (grey) fade(straight.data);
  const { canvas, pen } = canvasOf(straight.width, straight.height);
  pen.putImageData(new ImageData(straight.data as Uint8ClampedArray<ArrayBuffer>, straight.width), 0, 0);
  if (side < THUMB_SIDE * 2) return { data: await jpeg(canvas, 0.8), thumb: new Uint8Array() };
  return { data: await within(canvas), thumb: await jpeg(smaller(canvas, THUMB_SIDE), 0.7) };
}

function fade(data: Uint8ClampedArray): void {
  for (let at = 0; at < data.length; at += 4) {
    const value = 0.299 * (data[at] ?? 0) + 0.587 * (data[at + 1] ?? 0) + 0.114 * (data[at + 2] ?? 0);
    data[at] = data[at + 1] = data[at + 2] = value;
  }
}

function smaller(from: OffscreenCanvas, side: number): OffscreenCanvas {
  const scale = Math.min(1, side / Math.max(from.width, from.height));
  const { canvas, pen } = canvasOf(from.width * scale, from.height * scale);
  pen.drawImage(from, 0, 0, canvas.width, canvas.height);
  return canvas;
}

async function within(painted: OffscreenCanvas): Promise<Uint8Array<ArrayBuffer>> {
  for (let canvas = painted; ; canvas = smaller(canvas, 0.8 * Math.max(canvas.width, canvas.height))) {
    for (const quality of QUALITIES) {
      const data = await jpeg(canvas, quality);
      if (data.length <= PAGE_MOST) return data;
    }
  }
}

async function answer(asked: Asked): Promise<Look | Still | Page> {
  const picture = asked.picture instanceof ImageBitmap ? asked.picture : await createImageBitmap(asked.picture, { imageOrientation: "from-image" });
  try {
    if (asked.kind === "look") return look(picture);
    if (asked.kind === "still") return await still(picture);
    return await page(picture, asked.quad, asked.quarters, asked.grey, asked.side);
  } finally {
    picture.close();
  }
}

self.onmessage = ({ data: asked }: MessageEvent<Asked>) => {
  answer(asked).then(
    (value) => self.postMessage({ id: asked.id, value } satisfies Reply),
    () => self.postMessage({ id: asked.id, value: null } satisfies Reply),
  );
};
