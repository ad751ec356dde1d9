// Words for what villages left (remote/PROTOCOL.md, rung 5). Pure.
import { slotInWords } from "../call/slots";
import { when } from "../kit/when";
import type { Letter } from "./api";

export const WHYS: Record<string, string> = {
  offline: "村里没有网络", unstaffed: "当时没有客服在岗", waiting: "排队太久", unanswered: "呼叫没有人接", asked: "村里自己选的",
}; // prettier-ignore

/** When it is to be called back, and how late that is. */
export function dueInWords(one: Letter, now: Date): string {
  const slot = slotInWords({ day: one.day, part: one.part }, now.getTime());
  const wish = slot === "尽快" ? "希望尽快回电" : `希望${slot}回电`;
  if (one.late) return `${wish}，已经过了时间`;
  if (one.due) return `${wish}，现在可以打`;
  return `${wish}，${when(one.due_from, now)} 以后打`;
}
