// What a draft starts with and what it must have before it becomes a case. Pure.
import { problem } from "../kit/problems";
import { LONG, SHORT } from "./sizes";
import type { Draft, Item } from "./types";

/** Names of what to bring: the item's list, less what a situation spares, plus what it adds (added wins). */
export function wanted(item: Item, situations: readonly string[]): string[] {
  const chosen = item.situations.filter((situation) => situations.includes(situation.name));
  const added = chosen.flatMap((situation) => situation.add.map((material) => material.name));
  const spared = new Set(chosen.flatMap((situation) => situation.remove));
  const own = item.materials.map((material) => material.name).filter((name) => !spared.has(name));
  return [...new Set([...own, ...added])];
}

/** What the centre would refuse for its form alone is told here, before it is sent; Problem draft.field. */
export function checkDraft(draft: Draft): void {
  const fields: [string, string][] = [
    ["姓名", draft.applicant.name], ["身份证号", draft.applicant.id_number], ["电话", draft.applicant.phone], ["住址", draft.applicant.address],
    ...(draft.proxy ? ([["代办人姓名", draft.proxy.name], ["代办人身份证号", draft.proxy.id_number], ["与申请人的关系", draft.proxy.relation]] as [string, string][]) : []),
  ]; // prettier-ignore
  if (draft.applicant.name.trim() === "") throw problem("draft.field", { field: "姓名" });
  const tooLong = fields.find(([, value]) => value.length > SHORT);
  if (tooLong) throw problem("draft.field", { field: tooLong[0] });
  if (draft.note.length > LONG) throw problem("draft.field", { field: "备注" });
}

/** A paper as the event of its case names it. */
export interface Named {
  material: string;
  sha256: string;
  bytes: number;
  kind: string;
}

/** What the centre gets of a case; `mandate` and `files` only when there are any, so that an older centre takes the rest as ever. */
export function bodyOf(draft: Draft, caseNo: string, files: readonly Named[]): object {
  const { item, release, situations, materials, applicant, proxy, mandate, note } = draft;
  const more = { ...(proxy && mandate ? { mandate } : {}), ...(files.length > 0 ? { files } : {}) };
  return { case_no: caseNo, item, release, situations, materials, applicant, proxy, note, ...more };
}
