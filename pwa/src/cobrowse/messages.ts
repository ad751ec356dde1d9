// What the desk and the frame of the replay tell each other.

import type { Target } from "./acting";
import type { Stroke } from "./marks";

export interface Event {
  type: number;
  data: Record<string, unknown>;
  timestamp: number;
}

export interface ToFrame {
  events?: Event[];
  /** Another page, or the same from its whole picture on. */
  reset?: boolean;
  /** What the agent's mouse does in the picture. */
  mode?: Mode;
  /** Nothing that was pointed at is shown any more. */
  clear?: boolean;
}

export type Mode = Stroke | "act";

export interface Pointed {
  type: "point";
  kind: Stroke;
  node: number;
  path: number[];
}
export type FromFrame = { type: "ready" } | { type: "size"; width: number; height: number } | Pointed | { type: "act"; target: Target | null };
