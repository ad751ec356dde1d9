// 好差评: the five levels (GB/T 39046 A.8: 1 is the best) and the reasons that fit each.
export type Level = 1 | 2 | 3 | 4 | 5;

export const LEVELS: { level: Level; word: string }[] = [
  { level: 1, word: "非常满意" },
  { level: 2, word: "满意" },
  { level: 3, word: "基本满意" },
  { level: 4, word: "不满意" },
  { level: 5, word: "非常不满意" },
];

const GOOD = ["态度好", "讲得清楚", "办得快", "少跑了路", "要的材料少"];
const MIDDLING = ["等得有点久", "讲得不太清楚", "材料有点多", "要再跑一次"];
const POOR = ["态度不好", "没讲清楚", "等太久", "要的材料太多", "让我多跑路", "没办成也没说原因"];

/** Reasons to tick for a level; none is ticked beforehand. */
export function reasonsFor(level: Level): string[] {
  if (level <= 2) return GOOD;
  return level === 3 ? MIDDLING : POOR;
}
