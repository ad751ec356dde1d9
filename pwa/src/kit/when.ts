// Times as people say them, always Beijing time: a village PC set to another zone must not print another day than the
// case number and the centre say. Pure: `now` comes from the caller.

const MINUTE = 60_000;
const DAY = 86_400_000;
const BEIJING = 8 * 60 * MINUTE; // no summer time since 1991

/** "今天 10:05", "昨天 18:30", "11月3日 09:00", "2025年11月3日"; "" when there is no time. */
export function when(iso: string | null, now: Date): string {
  const at = parse(iso);
  if (!at) return "";
  const days = daysBetween(at, now);
  if (days === 0) return `今天 ${clock(at)}`;
  if (days === 1) return `昨天 ${clock(at)}`;
  const there = local(at);
  if (there.year === local(now).year) return `${there.month}月${there.day}日 ${clock(at)}`;
  return day(iso);
}

/** "刚刚", "5 分钟前", "3 小时前", "2 天前"; a time ahead of `now` (a wrong clock) is "刚刚". */
export function ago(iso: string | null, now: Date): string {
  const at = parse(iso);
  if (!at) return "";
  const gone = now.getTime() - at.getTime();
  if (gone < MINUTE) return "刚刚";
  if (gone < 60 * MINUTE) return `${Math.floor(gone / MINUTE)} 分钟前`;
  if (gone < DAY) return `${Math.floor(gone / (60 * MINUTE))} 小时前`;
  return `${Math.floor(gone / DAY)} 天前`;
}

/** Whole days gone by since `iso`, never negative. */
export function daysSince(iso: string, now: Date): number {
  const at = parse(iso);
  return at ? Math.max(0, Math.floor((now.getTime() - at.getTime()) / DAY)) : 0;
}

/** "2026年11月23日", the form for paper. */
export function day(iso: string | null): string {
  const at = parse(iso);
  if (!at) return "";
  const there = local(at);
  return `${there.year}年${there.month}月${there.day}日`;
}

/** "11月23日" or, another year, "2027年1月4日", of a date without a time such as "2026-11-23". */
export function dayOf(date: string, now = new Date()): string {
  const [year, month, number] = date.split("-").map(Number);
  if (!year || !month || !number) return "";
  return `${year === local(now).year ? "" : `${year}年`}${month}月${number}日`;
}

/** "2026年11月23日 14:30", for paper: it must still be true tomorrow. */
export function stamp(iso: string | null): string {
  const at = parse(iso);
  return at ? `${day(iso)} ${clock(at)}` : "";
}

/** yyyymmdd. */
export function dayNumber(date: Date): string {
  const there = local(date);
  return `${there.year}${two(there.month)}${two(there.day)}`;
}

/** "12 kB", "1.4 MB", "2.1 GB". */
export function size(bytes: number): string {
  if (bytes < 1_000_000) return `${Math.ceil(bytes / 1000)} kB`;
  if (bytes < 1_000_000_000) return `${(bytes / 1_000_000).toFixed(1)} MB`;
  return `${(bytes / 1_000_000_000).toFixed(1)} GB`;
}

function parse(iso: string | null): Date | null {
  const at = iso ? new Date(iso) : null;
  return at && !Number.isNaN(at.getTime()) ? at : null;
}

/** hhmmss. */
export function timeNumber(date: Date): string {
  return new Date(date.getTime() + BEIJING).toISOString().slice(11, 19).replaceAll(":", "");
}

/** "11月23日 星期一". */
export function weekday(date: Date): string {
  const there = local(date);
  return `${there.month}月${there.day}日 星期${"日一二三四五六"[there.weekday]}`;
}

function local(at: Date): { year: number; month: number; day: number; weekday: number } {
  const there = new Date(at.getTime() + BEIJING);
  return { year: there.getUTCFullYear(), month: there.getUTCMonth() + 1, day: there.getUTCDate(), weekday: there.getUTCDay() };
}

function clock(at: Date): string {
  const time = timeNumber(at);
  return `${time.slice(0, 2)}:${time.slice(2, 4)}`;
}

function two(n: number): string {
  return String(n).padStart(2, "0");
}

function daysBetween(from: Date, to: Date): number {
  const number = (date: Date): number => Math.floor((date.getTime() + BEIJING) / DAY);
  return number(to) - number(from);
}
