// 委托: who may act for whom, and why a mandate does not hold. Pure; twin of app/handling/mandate.py, which says why in
// law; both run tests/vectors/mandate.json.
import type { Mandate } from "../store/types";

export const SELF = "本人";
export const GUARDIANS = ["父母", "监护人", "祖父母、外祖父母", "兄弟姐妹"];
export const PAPER = "授权委托书"; // the material under which a photographed mandate comes
export const POWERS: Record<Mandate["powers"][number], string> = { submit: "提交申请和材料", amend: "补正、撤回", collect: "领取结果" };
const ADULT = 18;
const INK = 150; // a signature is at least so long; the pad is 1000 units wide

export interface Who {
  name: string;
  id_number: string;
}
export type Agent = Who & { relation: string };

/** Years on a day (2026-11-25) by the birth date in an ID number, null when it has none. */
export function ageOn(id: string, day: string): number | null {
  if (!/^\d{17}[\dX]$/.test(id) || !isDay(`${id.slice(6, 10)}-${id.slice(10, 12)}-${id.slice(12, 14)}`)) return null;
  const years = Number(day.slice(0, 4)) - Number(id.slice(6, 10));
  return day.slice(5).replace("-", "") < id.slice(10, 14) ? years - 1 : years;
}

export function isMinor(id: string, day: string): boolean {
  const age = ageOn(id, day);
  return age !== null && age < ADULT;
}

/** Why nobody stands for a child; `alone`: 16 or 17 and acts by oneself. */
export function actingFault(applicant: Who, proxy: Agent | null, day: string, alone: boolean): string {
  const age = ageOn(applicant.id_number, day);
  if (age === null || age >= ADULT) return "";
  if (!proxy) return alone && age >= 16 ? "" : "办事人未满 18 岁，要由父母或其他监护人来办，请填监护人";
  return GUARDIANS.includes(proxy.relation) && isMinor(proxy.id_number, day) ? "监护人要年满 18 岁，请换一位监护人" : "";
}

/** Whether a proxy has to show a mandate: everybody but the guardian of a child. */
export function needsMandate(applicant: Who, proxy: Agent | null, day: string): boolean {
  return proxy !== null && !(isMinor(applicant.id_number, day) && GUARDIANS.includes(proxy.relation));
}

export interface Filed {
  applicant: Who;
  proxy: Who;
  item: string;
  day: string;
  papers: number; // photos of the mandate
}

export function mandateFault(mandate: Mandate | null, { applicant, proxy, item, day, papers }: Filed): string {
  if (!mandate || !["signed", "paper"].includes(mandate.way)) return "由别人代办要有委托书：请办事人在屏幕上签名，或者拍下纸质委托书";
  const child = isMinor(applicant.id_number, day);
  const principal: Who = { name: mandate.principal_name, id_number: mandate.principal_id };
  if (mandate.principal_relation === SELF) {
    if (child) return "办事人未满 18 岁，委托书要由监护人签";
    if (!same(principal, applicant)) return "委托书不是这位办事人的：委托人和办事人对不上，请重新签";
  } else if (!child || !GUARDIANS.includes(mandate.principal_relation)) return "只有办事人本人，或者未成年人的监护人，才能委托别人";
  else if (principal.name === "" || isMinor(principal.id_number, day)) return "委托书上的监护人要写明姓名，并且年满 18 岁";
  if (!same({ name: mandate.agent_name, id_number: mandate.agent_id }, proxy)) return "委托书委托的不是这位代办人：代办人对不上，请重新签";
  if (principal.id_number !== "" && principal.id_number === mandate.agent_id) return "委托人和代办人是同一个人，不用委托";
  if (mandate.item !== item) return "委托书写的不是这件事，不能用来办这一件";
  if (!mandate.powers.includes("submit")) return "委托书没有写可以代为提交申请和材料";
  return termFault(mandate.since, mandate.until, day) || proofFault(mandate, papers);
}

function same(one: Who, other: Who): boolean {
  return one.name.trim() === other.name.trim() && one.id_number === other.id_number;
}

function termFault(since: string, until: string, day: string): string {
  if (!isDay(since) || !isDay(until)) return "委托书的起止日期要写全";
  if (until < since) return "委托书的期限不对：止的日期早于起的日期";
  if (day < since) return `委托书还没有生效，${since} 起才能用`;
  return day > until ? `委托书已经过期，只到 ${until}，请重新签` : "";
}

function proofFault(mandate: Mandate, papers: number): string {
  if (mandate.way === "paper") return papers > 0 ? "" : "还没有拍下纸质委托书";
  return ink(strokesOf(mandate.strokes)) >= INK ? "" : "委托书还没有签名";
}

function isDay(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

export type Stroke = [number, number][];

/** A signature "12,40 15,44|…" as strokes of points; none when it is not one. */
export function strokesOf(text: string): Stroke[] {
  if (!/^\d{1,4},\d{1,4}( \d{1,4},\d{1,4})*(\|\d{1,4},\d{1,4}( \d{1,4},\d{1,4})*)*$/.test(text)) return [];
  return text.split("|").map((stroke) => stroke.split(" ").map((point) => point.split(",").map(Number) as [number, number]));
}

/** How long the lines of a signature are together, going along the two axes. */
export function ink(strokes: readonly Stroke[]): number {
  let length = 0;
  for (const stroke of strokes) stroke.slice(1).forEach(([x, y], at) => (length += Math.abs(x - stroke[at]![0]) + Math.abs(y - stroke[at]![1])));
  return length;
}
