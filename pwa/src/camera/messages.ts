// What the window asks of the camera's worker (pixels.ts), and what comes back.
import type { Quad } from "./geometry";
import type { Flaw } from "./quality";

export interface Look {
  page: Quad | null; // in pixels of the picture
  flaw: Flaw | "";
  width: number;
  height: number;
}

export interface Still extends Look {
  original: Uint8Array<ArrayBuffer>; // JPEG of the whole picture
}

export interface Page {
  data: Uint8Array<ArrayBuffer>; // JPEG, at most 300 kB
  thumb: Uint8Array<ArrayBuffer>;
}

export type Question =
  | { kind: "look"; picture: ImageBitmap | Blob }
  | { kind: "still"; picture: ImageBitmap | Blob }
  | { kind: "page"; picture: Blob; quad: Quad | null; quarters: number; grey: boolean; side: number };

export type Asked = Question & { id: number };
export interface Reply {
  id: number;
  value: Look | Still | Page | null; // null: the picture cannot be read
}
