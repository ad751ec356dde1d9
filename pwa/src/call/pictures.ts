// Pictures of this end: a camera for faces, one for papers, the screen. Opening one needs a press; each can stop by itself
// (unplugged, or stopped in the browser's own bar), which is told like a press.
import { chosen, lenses, preferred } from "../camera/lens";
import type { Place } from "./peer";

const PLACE = "jjb-call-face"; // which camera looks at people; holds nothing about any person

export type Source = "face" | "papers" | "screen";
export const placeOf = (source: Source): Place => (source === "screen" ? "screen" : "camera");

const FAULTS: Record<Source, string> = {
  face: "摄像头打不开：请看看插好没有、浏览器是否允许、别的程序是不是正在用它。",
  papers: "高拍仪打不开：请看看插好没有、浏览器是否允许、别的程序是不是正在用它。",
  screen: "没有共享屏幕。要共享请再按一次，选一个窗口或整个屏幕。",
};
export const faultOf = (source: Source): string => FAULTS[source];

/** The track of a source; rejects when there is none or somebody said no. */
export async function capture(source: Source): Promise<MediaStreamTrack> {
  const stream = source === "screen" ? await screen() : await camera(source);
  const track = stream.getVideoTracks()[0];
  if (!track) throw new DOMException("no picture", "NotFoundError");
  track.contentHint = source === "face" ? "motion" : "detail";
  return track;
}

function screen(): Promise<MediaStream> {
  return navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { max: 10 } }, audio: false });
}

async function camera(source: "face" | "papers"): Promise<MediaStream> {
  const size = source === "face" ? { width: { ideal: 640 }, height: { ideal: 360 } } : { width: { ideal: 1920 }, height: { ideal: 1080 } };
  const open = (id: string): Promise<MediaStream> =>
    navigator.mediaDevices.getUserMedia({ video: { ...size, frameRate: { ideal: 15 }, ...(id ? { deviceId: { exact: id } } : {}) } });
  const wanted = await chosenFor(source);
  const stream = await open(wanted).catch(() => open(""));
  if (wanted !== "") return stream;
  // Names are known only once a camera was allowed: now the right one can be told from the others.
  const right = await chosenFor(source);
  const got = stream.getVideoTracks()[0]?.getSettings().deviceId ?? "";
  if (right === "" || right === got) return stream;
  for (const track of stream.getTracks()) track.stop();
  return open(right);
}

/** Keeps in mind which camera looks at people. */
export function chooseFace(id: string): void {
  localStorage.setItem(PLACE, id);
}

export async function chosenFor(source: "face" | "papers"): Promise<string> {
  const all = (await lenses()).filter(({ id }) => id !== "");
  const papers = preferred(all, chosen())?.id ?? "";
  if (source === "papers") return papers;
  const last = localStorage.getItem(PLACE);
  return (all.find(({ id }) => id === last) ?? all.find(({ id }) => id !== papers) ?? all[0])?.id ?? "";
}

/** Goes on with the next camera of this computer and keeps it in mind for faces. */
export async function another(track: MediaStreamTrack): Promise<MediaStreamTrack> {
  const all = await lenses();
  const at = all.findIndex(({ id }) => id === track.getSettings().deviceId);
  const next = all[(at + 1) % all.length];
  if (!next || all.length < 2) return track;
  const stream = await navigator.mediaDevices.getUserMedia({ video: { deviceId: { exact: next.id } } });
  const fresh = stream.getVideoTracks()[0];
  if (!fresh) return track;
  fresh.contentHint = track.contentHint;
  chooseFace(next.id);
  track.stop();
  return fresh;
}
