// Has a photo of a card read at the centre: only when somebody pressed 读取证件, shrunk first, and nothing of the answer
// is kept. Loaded with the first press.
import { asProblem, type Problem, problem } from "../kit/problems";
import type { CardField, CardReading } from "../store/types";
import { sendForJson } from "../sync/http";
import type { Way } from "../sync/uploads";
import { readingProblem } from "./problems";

const PATIENCE_MS = 60_000; // a picture of 100 kB over a weak link, and one that is read before it
const SIDE = 1400; // pixels of the longer side: a card keeps about 400 dots per inch
const QUALITIES = [0.8, 0.65, 0.5];
const MOST = 160_000; // bytes
const AWAY = new Set(["net.offline", "net.slow", "net.portal", "net.centre", "net.answer"]);

type Told = Omit<CardReading, "here">;

/** Proposals for the fields of the card on a photo; rejects reading.* and net.*. */
export async function readAtCentre(photo: Uint8Array<ArrayBuffer>, way: Pick<Way, "signed" | "fetcher">): Promise<Told> {
  const body = await shrink(photo);
  try {
    const headers = { "Content-Type": "image/jpeg", ...(await way.signed("POST", "/reading", body)) };
    return understood(await sendForJson({ method: "POST", path: "/reading", headers, body }, way.fetcher, PATIENCE_MS));
  } catch (error) {
    throw plain(asProblem(error));
  }
}

/** What is said of a bad link elsewhere (it is tried again later) does not hold here. */
function plain(cause: Problem): Problem {
  return AWAY.has(cause.code) ? readingProblem("reading.away", cause.details) : cause;
}

/** Small enough for a weak link; as it is where the browser cannot draw. */
async function shrink(photo: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  if (typeof createImageBitmap === "undefined" || photo.length <= MOST) return photo;
  const picture = await createImageBitmap(new Blob([photo], { type: "image/jpeg" })).catch(() => null);
  if (!picture) throw readingProblem("reading.photo");
  const scale = Math.min(1, SIDE / Math.max(picture.width, picture.height));
  const canvas = new OffscreenCanvas(Math.round(picture.width * scale), Math.round(picture.height * scale));
  const pen = canvas.getContext("2d");
  if (!pen) return photo;
  pen.imageSmoothingQuality = "high";
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  let small = photo;
  for (const quality of QUALITIES) {
    small = new Uint8Array(await (await canvas.convertToBlob({ type: "image/jpeg", quality })).arrayBuffer());
    if (small.length <= MOST) break;
  }
  return small.length < photo.length ? small : photo;
}

function understood(told: unknown): Told {
  const { kind_name, fields } = (told ?? {}) as Partial<CardReading>;
  if (typeof kind_name !== "string" || !Array.isArray(fields) || !fields.every(isField)) throw problem("net.answer");
  return { kind_name, fields };
}

function isField(told: unknown): told is CardField {
  const { name, label, value, sure, note, box } = (told ?? {}) as Partial<CardField>;
  const texts = [name, label, value, note].every((one) => typeof one === "string");
  return texts && typeof sure === "number" && (box === null || (Array.isArray(box) && box.length === 4 && box.every(Number.isFinite)));
}
