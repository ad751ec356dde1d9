// 智能导办: the personal list of one item and the situations chosen. Pure.
import type { Pick as Pick_ } from "../guiding/rules";
import type { Item, Material } from "../store/types";

export interface Wanted extends Material {
  reasons: string[]; // situations that ask for it; empty: everybody brings it
}

export interface PersonalList {
  bring: Wanted[];
  spared: { name: string; because: string }[]; // on the item's list, not needed in these situations
}

/** What to bring. A thing that one chosen situation removes and another adds is kept: better one paper too many. */
export function personalList(item: Pick<Item, "materials" | "situations">, chosen: readonly string[]): PersonalList {
  const picked = item.situations.filter((situation) => chosen.includes(situation.name));
  const added = new Map<string, Wanted>();
  for (const situation of picked) {
    for (const material of situation.add) {
      const known = added.get(material.name);
      if (known) known.reasons.push(situation.name);
      else added.set(material.name, { ...material, reasons: [situation.name] });
    }
  }
  const removedBy = (name: string): string[] => picked.filter((s) => s.remove.includes(name)).map((s) => s.name);
  const own = item.materials.filter((material) => !added.has(material.name));
  const base = item.materials.filter((material) => added.has(material.name)).map((material) => material.name);
  return {
    bring: [
      ...own.filter((material) => removedBy(material.name).length === 0).map((material) => ({ ...material, reasons: [] })),
      ...[...added.values()].map((material) => (base.includes(material.name) ? { ...material, reasons: [] } : material)),
    ],
    spared: own.flatMap((material) => {
      const because = removedBy(material.name);
      return because.length > 0 ? [{ name: material.name, because: because.join("、") }] : [];
    }),
  };
}

/** Why a material is asked, in words: what it is for, and the situation that asks for it. */
export function whyOf(material: Wanted): string {
  const because = material.reasons.length > 0 ? `因为：${material.reasons.join("、")}` : "";
  if (!material.use) return because || "人人都要";
  return because ? `${material.use}（${because}）` : material.use;
}

/** What one may do instead of bringing it now, as the catalogue's own words say; "" when it has to be there. */
export function insteadOf(material: Material): string {
  if (material.form.includes("数据核验") && !material.form.includes("原件")) return "窗口联网查，一般不用带纸的";
  if (material.necessity === "可容缺") return "没有也能先受理，按窗口说的日子补";
  if (material.form.includes("承诺")) return material.form === "承诺" ? "写一份承诺书，窗口有样子" : "没有的可以写承诺书";
  return material.necessity === "情形必要" ? "用得上才要，拿不准就带上" : "";
}

/** "原件核验 1 份"; forms without a count stay as they are. */
export function formOf(material: Material): string {
  return [material.form, material.copies > 0 ? `${material.copies} 份` : ""].filter((part) => part !== "").join(" ");
}

/** What was answered, step by step, with the sentence that goes with it: the answer's own, else those of its situations. */
export function answered(item: Pick<Item, "flow" | "situations">, steps: readonly Pick_[]): { ask: string; say: string; note: string }[] {
  return steps.flatMap(([question, chosen]) => {
    const of = item.flow[question - 1];
    const answer = chosen === 0 ? of?.unsure : of?.answers[chosen - 1];
    if (!of || !answer) return [];
    const told = item.situations.filter((one) => answer.situations.includes(one.name) && one.note !== "");
    return [{ ask: of.ask, say: answer.say, note: answer.note || told.map((one) => `${one.name}：${one.note}`).join("；") }];
  });
}

/** Situations travel in the address as numbers (1-based, in the item's order), so that no words of a person's case do. */
export function chosenFromQuery(item: Pick<Item, "situations">, query: unknown): string[] {
  const numbers = typeof query === "string" ? query.split(",").map(Number) : [];
  return item.situations.filter((situation) => numbers.includes(situation.pos)).map((situation) => situation.name);
}

export function queryOf(item: Pick<Item, "situations">, chosen: readonly string[]): string {
  return item.situations.filter((situation) => chosen.includes(situation.name)).map((situation) => situation.pos).join(",");
}
