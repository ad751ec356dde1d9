// Cameras of this computer: which there are, the one that was used last, and why one does not open.
import { Problem } from "../kit/problems";

export interface Lens {
  id: string;
  name: string;
}

interface Choice {
  id: string;
  name: string;
  grey: boolean;
}

/** Sentences of their own: they come with the camera's program, not with the first load. */
export const FAULTS = {
  denied: () => new Problem("camera.denied", "浏览器没有让本页用摄像头。", "请点地址栏左边的摄像头图标，选“允许”，再按“重新打开”；也可以先选文件。"),
  none: () => new Problem("camera.none", "这台电脑没有找到摄像头。", "请插好高拍仪的线，等几秒再按“重新打开”；也可以先选文件。"),
  busy: () => new Problem("camera.busy", "摄像头打不开，可能别的程序正在用它。", "请关掉高拍仪自带的软件和别的视频窗口，再按“重新打开”。"),
  lost: () => new Problem("camera.lost", "摄像头断开了，已经存下的页都在。", "请检查高拍仪的线，插好后按“重新打开”，接着拍。"),
};

const PLACE = "jjb-camera"; // holds nothing about any person
const OVERHEAD = /高拍|拍摄仪|文档|扫描|document|scan|visuali[sz]er|eloam|czur|doc.?cam|overhead/i;

/** What was chosen last on this computer. */
export function chosen(): Choice {
  const none = { id: "", name: "", grey: false };
  try {
    return { ...none, ...(JSON.parse(localStorage.getItem(PLACE) ?? "{}") as Partial<Choice>) };
  } catch {
    return none;
  }
}

export function choose(choice: Partial<Choice>): void {
  try {
    localStorage.setItem(PLACE, JSON.stringify({ ...chosen(), ...choice }));
  } catch {
    // without storage the choice lasts until the page closes
  }
}

/** The one to open: as last time (by its name too, ids change with the browser's data), else one that looks down on paper. */
export function preferred(lenses: readonly Lens[], last: Pick<Choice, "id" | "name">): Lens | undefined {
  const by = (fits: (lens: Lens) => boolean): Lens | undefined => lenses.find(fits);
  return by(({ id }) => last.id !== "" && id === last.id) ?? by(({ name }) => last.name !== "" && name === last.name) ?? by(({ name }) => OVERHEAD.test(name)) ?? lenses[0];
}

/** Cameras by name; names are known once one was allowed. */
export async function lenses(): Promise<Lens[]> {
  const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return devices.filter(({ kind }) => kind === "videoinput").map(({ deviceId, label }, at) => ({ id: deviceId, name: label || `摄像头 ${at + 1}` }));
}

/** Opens one camera, the wanted one if it is there; Problem camera.* with what to do. */
export async function open(id: string): Promise<MediaStream> {
  if (!navigator.mediaDevices) throw FAULTS.none();
  const size = { width: { ideal: 3264 }, height: { ideal: 2448 } };
  try {
    return await navigator.mediaDevices.getUserMedia({ video: id ? { ...size, deviceId: { exact: id } } : size });
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
