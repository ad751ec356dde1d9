// A worker of its own that sees the print on a photo: onnxruntime-web with the models of the recognition pack. It is started
// for the first card, keeps the models for the next ones, and is ended when a card takes too long or none comes.
/// <reference lib="webworker" />
import * as ort from "onnxruntime-web/wasm";

import { FOLDER, type PackInfo, type PartName, take } from "./pack";
import { decode, edges, lettersOf, lookSize, padded, type Picture, planes, scaled, type Slab, slabs, strip, STRIP } from "./print";
import type { Line } from "./rules";

declare const self: DedicatedWorkerGlobalScope;

export interface Wish {
  pack: PackInfo;
  photo: Uint8Array<ArrayBuffer>;
}

/** `fault`: the pack is not what it should be, the photo cannot be opened, or the engine gave up. */
export type Seen = { lines: Line[]; turned: boolean } | { fault: "damaged" | "photo" | "engine"; cause: string };

const SIDE = 1600; // pixels of the longer side that is looked at
const LEAST_SIDE = 736; // of the shorter one, for the model that finds print
const NARROWEST = 320; // pixels of a strip; the model was taught with strips of this and more
const BELIEVED = 0.5; // a line that is less sure is none
const SIDEWAYS = 1.5; // higher than wide by this

class Fault extends Error {
  constructor(readonly fault: "damaged" | "photo") {
    super(fault);
  }
}

interface Models {
  finder: ort.InferenceSession;
  reader: ort.InferenceSession;
  letters: string[];
}

let models: Promise<Models> | null = null;

async function load(pack: PackInfo): Promise<Models> {
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle(FOLDER).catch(() => null);
  const handle = await folder?.getFileHandle(`${pack.sha256}.part`).catch(() => null);
  const file = await handle?.getFile();
  if (file?.size !== pack.bytes) throw new Fault("damaged");
  const part = async (name: PartName): Promise<ArrayBuffer> => {
    const data = await take(file, pack.parts.find((one) => one.name === name)!);
    if (!data) throw new Fault("damaged");
    return data;
  };
  ort.env.wasm.wasmBinary = await part("engine");
  ort.env.wasm.numThreads = 1; // more need headers that would cut the page off from others
  const session = (data: ArrayBuffer): Promise<ort.InferenceSession> => ort.InferenceSession.create(data, { executionProviders: ["wasm"] });
  const finder = await session(await part("finder"));
  const data = await part("reader");
  const letters = lettersOf(new Uint8Array(data));
  return { finder, reader: await session(data), letters };
}

async function run(session: ort.InferenceSession, data: Float32Array, width: number, height: number): Promise<ort.Tensor> {
  const out = await session.run({ [session.inputNames[0]!]: new ort.Tensor("float32", data, [1, 3, height, width]) });
  return out[session.outputNames[0]!]!;
}

/** The picture at a size, turned by a quarter to the left or not. */
function drawn(photo: ImageBitmap, width: number, height: number, turned: boolean): Picture {
  const pen = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true })!;
  pen.imageSmoothingQuality = "high";
  if (turned) {
    pen.translate(0, height);
    pen.rotate(-Math.PI / 2);
    pen.drawImage(photo, 0, 0, height, width);
  } else pen.drawImage(photo, 0, 0, width, height);
  return { width, height, data: pen.getImageData(0, 0, width, height).data };
}

async function look(photo: ImageBitmap, turned: boolean, { finder, reader, letters }: Models): Promise<{ lines: Line[]; tall: number }> {
  const scale = Math.min(1, SIDE / Math.max(photo.width, photo.height));
  const sides = [photo.width, photo.height].map((side) => Math.round(side * scale));
  const [width, height] = (turned ? sides.reverse() : sides) as [number, number];
  const picture = drawn(photo, width, height, turned);
  const [mapWidth, mapHeight] = lookSize(width, height, LEAST_SIDE);
  const map = await run(finder, planes(drawn(photo, mapWidth, mapHeight, turned)), mapWidth, mapHeight);
  const found = slabs(map.data as Float32Array, mapWidth, mapHeight).map((slab) => scaled(slab, width / mapWidth, height / mapHeight));
  map.dispose();
  const lines: Line[] = [];
  for (const slab of found) {
    const { text, sure } = await read(picture, slab, reader, letters);
    if (sure < BELIEVED) continue;
    const [left, top, right, bottom] = edges(slab);
    const part = (edge: number, side: number): number => Number((Math.max(0, Math.min(side, edge)) / side).toFixed(4));
    lines.push({ text, sure, box: [part(left, width), part(top, height), part(right, width), part(bottom, height)] });
  }
  const tall = lines.filter(({ box: [left, top, right, bottom] }) => (bottom - top) * height > SIDEWAYS * (right - left) * width).length;
  return { lines, tall };
}

async function read(picture: Picture, slab: Slab, reader: ort.InferenceSession, letters: readonly string[]): Promise<{ text: string; sure: number }> {
  const line = strip(picture, slab);
  const width = Math.max(NARROWEST, line.width);
  const out = await run(reader, padded(line, width), width, STRIP);
  const told = decode(out.data as Float32Array, out.dims[1]!, letters);
  out.dispose();
  return told;
}

async function see({ pack, photo }: Wish): Promise<Seen> {
  models ??= load(pack);
  const ready = await models;
  const picture = await createImageBitmap(new Blob([photo], { type: "image/jpeg" })).catch(() => {
    throw new Fault("photo");
  });
  const upright = await look(picture, false, ready);
  const turned = upright.tall > upright.lines.length / 2;
  const { lines } = turned ? await look(picture, true, ready) : upright;
  picture.close();
  return { lines, turned };
}

self.onmessage = ({ data }: MessageEvent<Wish>): void => {
  see(data).then(
    (seen) => self.postMessage(seen),
    (error: unknown) => self.postMessage({ fault: error instanceof Fault ? error.fault : "engine", cause: String(error) } satisfies Seen),
  );
};
