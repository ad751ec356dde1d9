// What each rung of the ladder may spend on pictures, and what the browser's estimate of a link is worth. Pure.
import { NEED, ROOM, TEXT } from "./ladder";

export const RUNGS = ["大画面", "小画面", "慢速共享", "只有语音", "只有文字"];
const AUDIO_KBPS = 24; // 16 of voice, the rest headers

export interface Shows {
  /** face: whoever sits there; papers: what lies below a document camera. */
  camera: "face" | "papers" | null;
  screen: boolean;
}
export const NOTHING: Shows = { camera: null, screen: false };

export interface Cap {
  kbps: number;
  fps: number;
  /** Lines of the picture at most; null: all it has, since letters must stay letters. */
  height: number | null;
}
export interface Caps {
  camera: Cap | null;
  screen: Cap | null;
}

const FACE: (Cap | null)[] = [{ kbps: 350, fps: 15, height: 360 }, { kbps: 60, fps: 8, height: 180 }];
const PAPERS: (Cap | null)[] = [{ kbps: 350, fps: 8, height: 1080 }, { kbps: 120, fps: 4, height: 720 }, { kbps: 50, fps: 1, height: 720 }];
const SCREEN: (Cap | null)[] = [{ kbps: 400, fps: 10, height: null }, { kbps: 150, fps: 5, height: null }, { kbps: 60, fps: 2, height: null }];

/** What may be sent at a rung. On the slow rung one picture is enough: the screen, if it is shown. */
export function caps(rung: number, shows: Shows): Caps {
  const screen = shows.screen ? (SCREEN[rung] ?? null) : null;
  const camera = (shows.camera === "papers" ? PAPERS[rung] : shows.camera === "face" ? FACE[rung] : null) ?? null;
  return { screen, camera: rung === 2 && screen ? null : camera };
}

/** kbit/s that a rung asks of the link with these pictures. */
export function asked(rung: number, { camera, screen }: Caps): number {
  return (rung >= TEXT ? 0 : AUDIO_KBPS) + (camera?.kbps ?? 0) + (screen?.kbps ?? 0);
}

/** The estimate as far as it can be believed. A browser learns no more of a link than it sends: an estimate below what we ask
 * is the link's own; one above tells nothing but that more may be tried, unless it reaches the next rung by itself. */
export function believed(estimate: number | null, rung: number, ask: number): number | null {
  if (estimate === null || estimate < ask) return estimate;
  const next = rung > 0 ? (NEED[rung - 1] ?? 0) * ROOM : 0;
  return estimate >= next ? estimate : null;
}

/** Whether any picture of these is held back by the rung. */
export function heldBack(rung: number, shows: Shows): boolean {
  const may = caps(rung, shows);
  return (shows.camera !== null && may.camera === null) || (shows.screen && may.screen === null);
}
