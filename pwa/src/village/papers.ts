// What a person picked, made fit to keep: judged by its content, photos painted smaller, a small picture for the list.
// Nothing of the original is kept: no name, no place where it was taken, none of what a camera writes beside the picture.
import { Painter } from "../camera/painter";
import { problem } from "../kit/problems";
import { size } from "../kit/when";
import { faultOf, kindOf, MOST_PIXELS, pictureSize } from "../kit/files";

export interface Picked {
  data: Uint8Array<ArrayBuffer>;
  thumb: Uint8Array<ArrayBuffer>; // empty for a PDF
}

export const ACCEPT = "image/jpeg,image/png,image/webp,image/bmp,application/pdf";
const PHOTO_MOST = 40_000_000; // bytes of an original; a document camera makes 3 to 12 MB
const PDF_MOST = 8_000_000;
const HEAD = 256 * 1024; // where the size of a picture is said

const WHAT: Record<string, string> = { program: "是程序", archive: "是压缩包", office: "是办公文档", "": "看不出是什么文件" };

/** What to keep of a picked file; Problem paper.* with a sentence when nothing can be. */
export async function take(file: File): Promise<Picked> {
  const name = file.name.length > 24 ? `${file.name.slice(0, 20)}…` : file.name;
  const head = new Uint8Array(await file.slice(0, HEAD).arrayBuffer());
  const kind = kindOf(head);
  if (file.size === 0) throw problem("paper.broken", { name });
  if (kind === "image/heic") throw problem("paper.heic", { name });
  if (kind === "image/tiff") throw problem("paper.kind", { name, what: "是 TIFF 图片" });
  if (!kind.includes("/")) throw problem("paper.kind", { name, what: WHAT[kind] });
  return kind === "application/pdf" ? takePdf(file, name) : takePhoto(file, name, kind, head);
}

async function takePdf(file: File, name: string): Promise<Picked> {
  if (file.size > PDF_MOST) throw problem("paper.large", { name, size: size(file.size), limit: size(PDF_MOST), hint: "请分成几份，或只拍要用的几页。" });
  const data = new Uint8Array(await file.arrayBuffer());
  const fault = await faultOf(data, "application/pdf");
  if (fault === "active" || fault === "locked") throw problem(`paper.${fault}`, { name });
  if (fault !== "") throw problem("paper.broken", { name });
  return { data, thumb: new Uint8Array() };
}

async function takePhoto(file: File, name: string, kind: string, head: Uint8Array): Promise<Picked> {
  if (file.size > PHOTO_MOST) throw problem("paper.large", { name, size: size(file.size), limit: size(PHOTO_MOST), hint: "请把相机的分辨率调低一些再拍。" });
  const said = pictureSize(head, kind);
  if (said && said[0] * said[1] > MOST_PIXELS) throw problem("paper.pixels", { name, width: said[0], height: said[1] });
  const painter = new Painter();
  try {
    return await painter.page(file.slice(0, file.size, kind), { quad: null, quarters: 0, grey: false });
  } catch {
    throw problem("paper.broken", { name });
  } finally {
    painter.close();
  }
}
