// Microphone and loudspeaker of this computer: which there are, which one a call uses, and why one does not open.
// Cameras have their own file (camera/lens.ts). What is kept here says nothing about any person.
import { again, gadgets, keep, kept, why as whyOf, type Gadget } from "../kit/gadgets";
import { Problem } from "../kit/problems";

export type Sound = "audioinput" | "audiooutput";

const PLACE = "jjb-call-sound";

export const FAULTS = {
  denied: () => new Problem("mic.denied", "浏览器没有让本页用麦克风。", "请点地址栏左边的图标，把麦克风选成“允许”，再试一次；文字一直可以用。"),
  none: () => new Problem("mic.none", "这台电脑没有找到麦克风。", "请插好麦克风或耳机，等几秒再试；文字一直可以用。"),
  busy: () => new Problem("mic.busy", "麦克风打不开，可能别的程序正在用它。", "请关掉别的通话或录音程序，再试一次；文字一直可以用。"),
  lost: () => new Problem("mic.lost", "麦克风断开了。", "请检查插头，插好后再试一次。"),
};

export const choose = (kind: Sound, gadget: Gadget): void => keep<Record<Sound, Gadget>>(PLACE, { [kind]: gadget });

export const chosen = async (kind: Sound): Promise<Gadget | undefined> => again(await gadgets(kind), kept<Record<Sound, Gadget>>(PLACE)[kind]);

export const why = (error: unknown): Problem => whyOf(error, FAULTS);

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

/** Lets a sound come out of the chosen loudspeaker, where the browser can and it is there. */
export async function loudly(element: HTMLMediaElement): Promise<void> {
  const wanted = await chosen("audiooutput");
  if ("setSinkId" in element) await element.setSinkId(wanted?.id ?? "").catch(() => undefined);
}
