// Microphones, loudspeakers and cameras of this computer: which there are, which was chosen last, why one does not open.
import type { Problem } from "./problems";

export interface Gadget {
  id: string;
  name: string;
}
export interface Faults {
  denied(): Problem;
  none(): Problem;
  busy(): Problem;
}

const NAMES: Record<MediaDeviceKind, string> = { audioinput: "麦克风", audiooutput: "扬声器", videoinput: "摄像头" };
const ALIASES = new Set(["default", "communications"]); // the browser's own names for one of the others

/** All of a kind by name; names are known once one of them was allowed. */
export async function gadgets(kind: MediaDeviceKind): Promise<Gadget[]> {
  const all = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return all
    .filter((one) => one.kind === kind && !ALIASES.has(one.deviceId))
    .map(({ deviceId, label }, at) => ({ id: deviceId, name: label || `${NAMES[kind]} ${at + 1}` }));
}

/** The one chosen last, by its name too (ids change with the browser's data); undefined: it is not there. */
export function again(all: readonly Gadget[], last: Gadget | undefined): Gadget | undefined {
  if (!last) return undefined;
  return all.find(({ id }) => id !== "" && id === last.id) ?? all.find(({ name }) => last.name !== "" && name === last.name);
}

/** What a browser's refusal means. */
export function why(error: unknown, faults: Faults): Problem {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return faults.denied();
  if (name === "NotFoundError" || name === "OverconstrainedError") return faults.none();
  return faults.busy();
}

/** Choices of a part of the program, kept by this browser; they say nothing about any person. */
export function kept<Choices extends object>(place: string): Partial<Choices> {
  try {
    return JSON.parse(localStorage.getItem(place) ?? "{}") as Partial<Choices>;
  } catch {
    return {};
  }
}

/** Keeps some choices more; without storage they last until the page closes. */
export function keep<Choices extends object>(place: string, more: Partial<Choices>): void {
  try {
    localStorage.setItem(place, JSON.stringify({ ...kept<Choices>(place), ...more }));
  } catch {
    return;
  }
}
