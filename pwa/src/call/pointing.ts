// Where an agent points in a picture of the village: in thousandths of the picture, so that it holds at any size and zoom.
import { Marks, type Box } from "../cobrowse/marks";
import type { Place } from "./peer";

export interface Pointed {
  place: Place;
  /** The agent draws on a picture that stands still: the village's stands still as well. */
  still: boolean;
  mark: { kind: "spot" | "line"; path: number[] } | "clear" | null;
}
const LONGEST = 240; // numbers of a line

/** Whether what the other end sent is one. */
export function isPointed(it: unknown): it is Pointed {
  const { place, still, mark } = (it ?? {}) as Partial<Pointed>;
  if ((place !== "camera" && place !== "screen") || typeof still !== "boolean") return false;
  if (mark === null || mark === "clear") return true;
  if (typeof mark !== "object" || !Array.isArray(mark.path)) return false;
  const { kind, path } = mark;
  const most = kind === "spot" ? 2 : kind === "line" ? LONGEST : 0;
  return path.length >= 2 && path.length <= most && path.length % 2 === 0 && path.every((at) => Number.isInteger(at) && at >= 0 && at <= 1000);
}

/** A place of the screen in thousandths of a picture, held within it. */
export const placeIn = (box: Box, x: number, y: number): [number, number] => [part(x - box.left, box.width), part(y - box.top, box.height)];
const part = (at: number, length: number): number => Math.max(0, Math.min(1000, Math.round((1000 * at) / Math.max(1, length))));

/** Marks over a picture; what its window does not show of it is cut off. */
export function marksOver(layer: HTMLElement, picture: () => Element | null, window: () => Element | null): Marks {
  return new Marks(layer, () => {
    const clip = window()?.getBoundingClientRect();
    if (clip) layer.style.clipPath = `polygon(${clip.left}px ${clip.top}px, ${clip.right}px ${clip.top}px, ${clip.right}px ${clip.bottom}px, ${clip.left}px ${clip.bottom}px)`;
    return picture()?.getBoundingClientRect() ?? null;
  });
}

/** A line under the mouse, as long as it may be. */
export function longer(path: number[], [x, y]: [number, number]): void {
  const [lastX = 0, lastY = 0] = path.slice(-2);
  if (path.length < LONGEST && Math.abs(x - lastX) + Math.abs(y - lastY) > 8) path.push(x, y);
}
