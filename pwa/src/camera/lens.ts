// Cameras of this computer: which there are, the one that was used last, and why one does not open.
import { again, gadgets, keep, kept, why as whyOf, type Gadget } from "../kit/gadgets";
import { Problem } from "../kit/problems";

interface Choice extends Gadget {
  grey: boolean;
}

/** Sentences of their own: they come with the camera's program, not with the first load. */
export const FAULTS = {
  denied: () => new Problem("camera.denied", "浏览器没有让本页用摄像头。", "请点地址栏左边的摄像头图标，选“允许”，再按“重新打开”；也可以先选文件。"),
  none: () => new Problem("camera.none", "这台电脑没有找到摄像头。", "请插好高拍仪的线，等几秒再按“重新打开”；也可以先选文件。"),
  busy: () => new Problem("camera.busy", "摄像头打不开，可能别的程序正在用它。", "请关掉高拍仪自带的软件和别的视频窗口，再按“重新打开”。"),
  lost: () => new Problem("camera.lost", "摄像头断开了，已经存下的页都在。", "请检查高拍仪的线，插好后按“重新打开”，接着拍。"),
};

const PLACE = "jjb-camera";
const OVERHEAD = /高拍|拍摄仪|文档|扫描|document|scan|visuali[sz]er|eloam|czur|doc.?cam|overhead/i;

/** What was chosen last on this computer. */
export const chosen = (): Choice => ({ id: "", name: "", grey: false, ...kept<Choice>(PLACE) });

export const choose = (choice: Partial<Choice>): void => keep<Choice>(PLACE, choice);

/** The one to open: as last time, else one that looks down on paper. */
export const preferred = (lenses: readonly Gadget[], last: Gadget): Gadget | undefined =>
  again(lenses, last) ?? lenses.find(({ name }) => OVERHEAD.test(name)) ?? lenses[0];

export const lenses = (): Promise<Gadget[]> => gadgets("videoinput");

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

export const why = (error: unknown): Problem => whyOf(error, FAULTS);
