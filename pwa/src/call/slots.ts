// When a village may wish to be called back. Twin of remote/callback.py, vectors in tests/vectors/slots.json. Pure.

export type Part = "soon" | "morning" | "afternoon";

export interface Slot {
  day: string; // 2026-11-26; "" for as soon as possible
  part: Part;
}

/** "09:00-12:00 14:00-17:30": when the centre calls back, as it says itself. */
export const USUAL_HOURS = "09:00-12:00 14:00-17:30";
const HOURS_SHAPE = /^(\d\d:\d\d)-(\d\d:\d\d) (\d\d:\d\d)-(\d\d:\d\d)$/;
const BEIJING_MS = 8 * 3_600_000;
const DAY_MS = 86_400_000;

function read(hours: string): [string, string, string, string] {
  const [, one, two, three, four] = HOURS_SHAPE.exec(hours) ?? HOURS_SHAPE.exec(USUAL_HOURS)!;
  return [one!, two!, three!, four!];
}

/** What is offered at a moment: as soon as possible, then what is left of today and tomorrow. */
export function offered(now: number, hours: string): Slot[] {
  const [, noon, , evening] = read(hours);
  const slots: Slot[] = [{ day: "", part: "soon" }];
  for (const ahead of [0, 1]) {
    const day = new Date(now + BEIJING_MS + ahead * DAY_MS).toISOString().slice(0, 10);
    for (const [part, end] of [["morning", noon], ["afternoon", evening]] as const)
      if (Date.parse(`${day}T${end}:00+08:00`) > now) slots.push({ day, part });
  }
  return slots;
}

/** "尽快", "今天下午（14:00–17:30）", "11月28日上午" as people say a slot. */
export function slotInWords({ day, part }: Slot, now: number, hours = ""): string {
  if (part === "soon") return "尽快";
  const half = part === "morning" ? 0 : 2;
  const span = hours ? read(hours) : null;
  const ahead = Math.round((Date.parse(`${day}T00:00:00Z`) - Math.floor((now + BEIJING_MS) / DAY_MS) * DAY_MS) / DAY_MS);
  const [, month, number] = day.split("-").map(Number);
  const name = ahead === 0 ? "今天" : ahead === 1 ? "明天" : `${month}月${number}日`;
  return `${name}${half ? "下午" : "上午"}${span ? `（${span[half]}–${span[half + 1]}）` : ""}`;
}
