// 智能导办: the personal list of one item and the situations chosen. Pure.
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

/** Why a material is asked, in words. */
export function whyOf(material: Wanted): string {
  return material.reasons.length > 0 ? `因为：${material.reasons.join("、")}` : "人人都要";
}

/** "原件核验 1 份"; forms without a count stay as they are. */
export function formOf(material: Material): string {
  return [material.form, material.copies > 0 ? `${material.copies} 份` : ""].filter((part) => part !== "").join(" ");
}

/** Situations travel in the address as numbers (1-based, in the item's order), so that no words of a person's case do. */
export function chosenFromQuery(item: Pick<Item, "situations">, query: unknown): string[] {
  const numbers = typeof query === "string" ? query.split(",").map(Number) : [];
  return item.situations.filter((situation) => numbers.includes(situation.pos)).map((situation) => situation.name);
}

export function queryOf(item: Pick<Item, "situations">, chosen: readonly string[]): string {
  return item.situations.filter((situation) => chosen.includes(situation.name)).map((situation) => situation.pos).join(",");
}
