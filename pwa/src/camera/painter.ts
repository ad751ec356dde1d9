// The window's side of the camera's worker: started when first needed, ended with the sheet that uses it.
import { problem } from "../kit/problems";
import type { Look, Page, Question, Reply, Still } from "./messages";
import type { Quad } from "./geometry";

export class Painter {
  private readonly worker = new Worker(new URL("./pixels.ts", import.meta.url), { type: "module" });
  private readonly waiting = new Map<number, { resolve: (value: never) => void; reject: (error: unknown) => void }>();
  private last = 0;

  constructor() {
    this.worker.onmessage = ({ data: { id, value } }: MessageEvent<Reply>) => {
      const call = this.waiting.get(id);
      this.waiting.delete(id);
      if (value) call?.resolve(value as never);
      else call?.reject(problem("paper.broken", { name: "这张照片" }));
    };
    this.worker.onerror = () => {
      this.waiting.forEach(({ reject }) => reject(problem("paper.broken", { name: "这张照片" })));
      this.waiting.clear();
    };
  }

  /** Where the page lies and what is wrong with the picture. */
  look(picture: ImageBitmap): Promise<Look> {
    return this.ask({ kind: "look", picture }, [picture]);
  }

  /** The same of a picture that will be kept, with its JPEG. */
  still(picture: ImageBitmap): Promise<Still> {
    return this.ask({ kind: "still", picture }, [picture]);
  }

  /** The page between the corners, straight; a small `side` gives a preview without a thumb. */
  page(picture: Blob, how: { quad: Quad | null; quarters: number; grey: boolean }, side = 2000): Promise<Page> {
    return this.ask({ kind: "page", picture, side, ...how });
  }

  close(): void {
    this.worker.terminate();
    this.waiting.clear();
  }

  private ask<T>(question: Question, transfer: Transferable[] = []): Promise<T> {
    const id = ++this.last;
    return new Promise<T>((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as (value: never) => void, reject });
      this.worker.postMessage({ ...question, id }, transfer);
    });
  }
}
