// What can go wrong when a card is read, beside the sentences of the centre. Apart from kit/problems.ts, so that they come
// with the first reading and not with the first sight of the page. Rows are sorted by code.
import { type Kind, Problem } from "../kit/problems";

export const PROBLEMS = {
  "reading.away": { message: "现在连不上中心，读不了证件。", next: "请对照证件手工填写；照片已存在本机。" },
  "reading.damaged": { message: "本机的识别包坏了，这张没有读，照片没有离开本机。", next: "可以交中心读；请到“本机状态”重新装识别包。" },
  "reading.engine": { message: "本机没有读成这张照片，照片没有离开本机。", next: "可以再读一次，或交中心读，也可以对照证件手工填写。" },
  "reading.gone": { message: "这张照片已不在本机。", next: "请重新拍照再读，或对照证件手工填写。" },
  "reading.pack": { message: "中心现在没有识别包可装。", next: "证件可以照常交中心读；请告诉管理员。" },
  "reading.photo": { message: "这张照片打不开。", next: "请重新拍照再读，或对照证件手工填写。" },
  "reading.space": { message: "空间不够：识别包要 {need} MB，浏览器只剩 {free} MB，没有下载。", next: "请先清理电脑磁盘再装；证件可以照常交中心读。" },
} satisfies Record<string, Kind>;

export type ReadingCode = keyof typeof PROBLEMS;

export function readingProblem(code: ReadingCode, details: Record<string, unknown> = {}): Problem {
  const { message, next } = PROBLEMS[code];
  return new Problem(code, message.replace(/\{(\w+)\}/g, (_, name: string) => String(details[name] ?? "")), next, details);
}
