// What makes a 办理单 ready to hand in. Pure: today's date comes from the caller.
import { idProblem, phoneProblem, tidyId } from "../kit/person";
import type { Draft, Item } from "../store/types";
import { personalList } from "./guide";
import { actingFault, mandateFault, needsMandate } from "./mandate";

export type Field = "name" | "id_number" | "phone" | "region" | "address" | "proxy_name" | "proxy_id" | "proxy_phone" | "proxy_relation" | "guardian" | "mandate";
export type Wrong = Partial<Record<Field, string>>;

export interface Extras {
  noId: boolean; // the applicant has no resident ID number (new-born, card being replaced)
  elsewhere: boolean; // lives outside the prefecture: the address says where
  mandates: number; // photos of a mandate on paper
}

export const RELATIONS = ["配偶", "父母", "子女", "兄弟姐妹", "祖父母、外祖父母", "其他亲属", "村（社区）干部", "监护人", "其他"];

/** The day of "20261123" as mandates write it. */
export const dayOfNumber = (today: string): string => `${today.slice(0, 4)}-${today.slice(4, 6)}-${today.slice(6)}`;

/** Who acts, as the rules of mandates look at it: numbers tidied, names trimmed. */
export function actors({ applicant, proxy }: Pick<Draft, "applicant" | "proxy">): { applicant: { name: string; id_number: string }; proxy: { name: string; id_number: string; relation: string } | null } {
  const tidy = <T extends { name: string; id_number: string }>(who: T): T => ({ ...who, name: who.name.trim(), id_number: tidyId(who.id_number) });
  return { applicant: tidy(applicant), proxy: proxy && tidy(proxy) };
}

/** Sentences by field, in the order of the form; empty when the form may be handed in. */
export function problemsOf(draft: Draft, extras: Extras, today: string): Wrong {
  const { applicant, proxy } = draft;
  const wrong: Wrong = {};
  put(wrong, "name", nameProblem(applicant.name, "办事人"));
  if (!extras.noId) put(wrong, "id_number", idProblem(applicant.id_number, today));
  put(wrong, "phone", phoneProblem(applicant.phone));
  if (!extras.elsewhere && applicant.region === "") wrong.region = "请选择住在哪个县、乡、村";
  if (extras.elsewhere && applicant.address.trim() === "") wrong.address = "住在外地的，请写下地址";
  const day = dayOfNumber(today);
  const who = actors(draft);
  put(wrong, "guardian", wrong.id_number ? "" : actingFault(who.applicant, who.proxy, day, draft.alone ?? false));
  if (proxy) {
    put(wrong, "proxy_name", nameProblem(proxy.name, "代办人"));
    put(wrong, "proxy_id", proxy.id_number.trim() === "" ? "请填写代办人身份证号" : idProblem(proxy.id_number, today));
    put(wrong, "proxy_phone", proxy.phone.trim() === "" ? "请填写代办人电话，好联系" : phoneProblem(proxy.phone));
    if (proxy.relation === "") wrong.proxy_relation = "请选择代办人是办事人的什么人";
    if (!wrong.proxy_id && same(proxy.id_number, applicant.id_number)) wrong.proxy_id = "代办人和办事人的身份证号一样，请看是不是填反了";
    const unsure = wrong.name || wrong.id_number || wrong.proxy_name || wrong.proxy_id || wrong.proxy_relation;
    if (who.proxy && (!unsure || (!draft.mandate && proxy.relation !== "")) && needsMandate(who.applicant, who.proxy, day)) {
      put(wrong, "mandate", mandateFault(draft.mandate ?? null, { applicant: who.applicant, proxy: who.proxy, item: draft.item, day, papers: extras.mandates }));
    }
  }
  return wrong;
}

function nameProblem(name: string, who: string): string {
  const text = name.trim();
  if (text === "") return `请填写${who}姓名`;
  if (/\d/.test(text)) return "姓名里不会有数字，请再看一遍";
  return [...text].length > 50 ? "姓名太长，请再看一遍" : "";
}

function same(a: string, b: string): boolean {
  return a.trim() !== "" && a.trim().toUpperCase() === b.trim().toUpperCase();
}

function put(wrong: Wrong, field: Field, sentence: string): void {
  if (sentence !== "") wrong[field] = sentence;
}

/** The draft's list of materials anew, for other situations or a newer release; what was ticked stays ticked. */
export function relist(
  draft: Pick<Draft, "materials">,
  item: Pick<Item, "materials" | "situations" | "release">,
  chosen: readonly string[],
): Pick<Draft, "situations" | "materials" | "release"> {
  const known = new Set(item.situations.map((situation) => situation.name));
  const have = new Set(draft.materials.filter((material) => material.have).map((material) => material.name));
  return {
    situations: chosen.filter((name) => known.has(name)),
    materials: personalList(item, chosen).bring.map(({ name }) => ({ name, have: have.has(name) })),
    release: item.release,
  };
}

/** The levels of a 12-digit region code: county, township, village; "" where the code stops. */
export function levelsOf(code: string): [string, string, string] {
  if (!/^\d{12}$/.test(code)) return ["", "", ""];
  const county = code.slice(4, 6) === "00" ? "" : `${code.slice(0, 6)}000000`;
  const township = code.slice(6, 9) === "000" ? "" : `${code.slice(0, 9)}000`;
  return [county, township, code.endsWith("000") ? "" : code];
}
