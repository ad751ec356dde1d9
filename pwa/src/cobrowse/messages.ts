// What the desk and the frame of the replay tell each other.

export interface Event {
  type: number;
  data: Record<string, unknown>;
  timestamp: number;
}

export interface ToFrame {
  events?: Event[];
  /** Another page, or the same from its whole picture on. */
  reset?: boolean;
}

export type FromFrame = { type: "ready" } | { type: "size"; width: number; height: number };
