// Microphone and loudspeaker of this computer: which there are, which one a call uses, and why one does not open.
// Cameras have their own file (camera/lens.ts). What is kept here says nothing about any person.
import { Problem } from "../kit/problems";

export type Sound = "audioinput" | "audiooutput";
export interface Gadget {
  id: string;
  name: string;
}

const PLACE = "jjb-call-sound";
const NAMES: Record<Sound, string> = { audioinput: "麦克风", audiooutput: "扬声器" };
const ALIASES = new Set(["default", "communications"]); // the browser's own names for one of the others

export const FAULTS = {
  denied: () => new Problem("mic.denied", "浏览器没有让本页用麦克风。", "请点地址栏左边的图标，把麦克风选成“允许”，再试一次；文字一直可以用。"),
  none: () => new Problem("mic.none", "这台电脑没有找到麦克风。", "请插好麦克风或耳机，等几秒再试；文字一直可以用。"),
  busy: () => new Problem("mic.busy", "麦克风打不开，可能别的程序正在用它。", "请关掉别的通话或录音程序，再试一次；文字一直可以用。"),
  lost: () => new Problem("mic.lost", "麦克风断开了。", "请检查插头，插好后再试一次。"),
};

type Kept = Partial<Record<Sound, Gadget>>;
function kept(): Kept {
  try {
    return JSON.parse(localStorage.getItem(PLACE) ?? "{}") as Kept;
  } catch {
    return {};
  }
}

export function choose(kind: Sound, gadget: Gadget): void {
  try {
    localStorage.setItem(PLACE, JSON.stringify({ ...kept(), [kind]: gadget }));
  } catch {
    // without storage the choice lasts until the page closes
  }
}

/** All of a kind by name; names are known once a microphone was allowed. */
export async function gadgets(kind: Sound): Promise<Gadget[]> {
  const all = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return all
    .filter((one) => one.kind === kind && !ALIASES.has(one.deviceId))
    .map(({ deviceId, label }, at) => ({ id: deviceId, name: label || `${NAMES[kind]} ${at + 1}` }));
}

/** The one chosen last, by its name too (ids change with the browser's data); undefined: the computer's own choice. */
export function preferred(all: readonly Gadget[], last: Gadget | undefined): Gadget | undefined {
  if (!last) return undefined;
  return all.find(({ id }) => id !== "" && id === last.id) ?? all.find(({ name }) => last.name !== "" && name === last.name);
}

export const chosen = async (kind: Sound): Promise<Gadget | undefined> => preferred(await gadgets(kind), kept()[kind]);

/** The microphone of a call: the chosen one when it is there, else the computer's own; Problem mic.*. */
export async function microphone(): Promise<MediaStream> {
  if (!navigator.mediaDevices) throw FAULTS.none();
  const audio = { echoCancellation: true, noiseSuppression: true };
  const wanted = await chosen("audioinput");
  const open = (id?: string): Promise<MediaStream> => navigator.mediaDevices.getUserMedia({ audio: id ? { ...audio, deviceId: { exact: id } } : audio });
  try {
    return await open(wanted?.id).catch((error: unknown) => {
      if (wanted && why(error).code !== "mic.denied") return open();
      throw error;
    });
  } catch (error) {
    throw why(error);
  }
}

export function why(error: unknown): Problem {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return FAULTS.denied();
  if (name === "NotFoundError" || name === "OverconstrainedError") return FAULTS.none();
  return FAULTS.busy();
}

/** Lets a sound come out of the chosen loudspeaker, where the browser can and it is there. */
export async function loudly(element: HTMLMediaElement): Promise<void> {
  const wanted = await chosen("audiooutput");
  if ("setSinkId" in element) await element.setSinkId(wanted?.id ?? "").catch(() => undefined);
}
