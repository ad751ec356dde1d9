// The 一次性告知 notice as data: what stands on it and what is read aloud. Pure.
import { picksFromText, picksToText, walk } from "../guiding/rules";
import type { Item, Notice } from "../store/types";
import { answered, chosenFromQuery, formOf, insteadOf, type PersonalList, personalList, queryOf } from "./guide";

export interface Composed {
  chosen: string[]; // situations, in the item's order
  list: PersonalList;
  notes: string[]; // what the questions and the situations say besides
  answers: { ask: string; say: string; note: string }[];
  query: Record<string, string>; // what leads to the same notice again
}

/** What an address says: answers to the questions (`a`) or situations (`s`). */
export function compose(item: Item, query: { a?: unknown; s?: unknown }): Composed {
  const state = walk(item.flow, picksFromText(query.a));
  const walked = state.steps.length > 0;
  const named = walked ? state.situations : chosenFromQuery(item, query.s);
  const chosen = item.situations.filter((one) => named.includes(one.name)).map((one) => one.name);
  const told = item.situations.filter((one) => chosen.includes(one.name) && one.note !== "").map((one) => `${one.name}：${one.note}`);
  const answers = answered(item, state.steps);
  const s = queryOf(item, chosen);
  return {
    chosen,
    list: personalList(item, chosen),
    notes: walked ? answers.map(({ note }) => note).filter((note) => note !== "") : told,
    answers,
    query: walked ? { a: picksToText(state.steps) } : s ? { s } : {},
  };
}

/** The address behind the QR code: the same list on anybody's telephone. It names no person and no notice. */
export function publicAddress(origin: string, item: Item, query: Record<string, string>): string {
  const parts = new URLSearchParams({ ...query, r: String(item.release) });
  return `${origin}/guide/${item.slug}?${parts}`;
}

/** Where to go: the nearest point that handles it, else where to ask first; ["", ""] when the release tells of none. */
export function placeWords({ place, here }: Notice): [label: string, words: string] {
  const point = place ?? here;
  if (!point) return ["", ""];
  const parts = [point.name, point.address, point.hours, point.phone ? `电话 ${point.phone}` : ""];
  const words = parts.filter((part) => part !== "").join("，");
  if (!place) return ["先到这里问", `${words}。可以帮您看材料、联系窗口`];
  return ["最近的点", place.id === here?.id ? `${words}（就是这里）` : words];
}

/** The notice in sentences to be read aloud, the most wanted first. */
export function spoken(item: Item, notice: Notice, { list, notes }: Composed): string[] {
  const materials = list.bring.map((material, i) => {
    const instead = insteadOf(material);
    return `第 ${i + 1} 样，${material.name}，${formOf(material)}。${material.use ? `${material.use}。` : ""}${instead ? `${instead}。` : ""}`;
  });
  const spared = list.spared.map((one) => one.name).join("、");
  const [label, where] = placeWords(notice);
  return [
    `${item.name}。`,
    list.bring.length > 0 ? `要带 ${list.bring.length} 样材料。` : "没有列出材料，请带身份证。",
    ...materials,
    ...(spared ? [`${spared}，不用带。`] : []),
    ...notes,
    `到这里办：${item.place}。`,
    ...(where ? [`${label}：${where}。`] : []),
    `收费：${item.fee}。`,
    `时限：${item.promised_limit}。`,
    "以窗口答复为准。",
  ].map((sentence) => sentence.replace(/。。+/g, "。"));
}
