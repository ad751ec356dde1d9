// PINs: which are too easy, and how long a wrong one makes wait. Pure.

export const SHORTEST = 6;
export const LONGEST = 12;
export const TRIES = 10; // wrong PINs in a row, then only account and password help

/** Why a PIN cannot be used, in words; "" when it can. */
export function pinFault(pin: string): string {
  if (!/^\d*$/.test(pin)) return "PIN 只用数字";
  if (pin.length < SHORTEST || pin.length > LONGEST) return `PIN 要 ${SHORTEST} 到 ${LONGEST} 位数字`;
  const digits = [...pin].map(Number);
  const steps = new Set(digits.slice(1).map((digit, at) => digit - digits[at]!));
  const half = pin.slice(0, pin.length / 2);
  if (new Set(digits).size < 3) return "数字太重复了，请多用几个不同的";
  if (steps.size === 1) return "不要用连着的数字，如 123456";
  if (half + half === pin) return "不要用两遍一样的数字，如 123123";
  return "";
}

const WAITS_S = [0, 0, 0, 30, 60, 5 * 60, 15 * 60, 60 * 60]; // after so many wrong PINs in a row

/** Milliseconds to wait before the next try. A clock put back does not make it longer than it was. */
export function waitMs(failures: number, failedAt: number, now: number): number {
  const wait = 1000 * WAITS_S[Math.min(failures, WAITS_S.length - 1)]!;
  return Math.max(0, Math.min(wait, failedAt + wait - now));
}

/** "30 秒", "5 分钟". */
export function waitWord(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  return seconds <= 90 ? `${seconds} 秒` : `${Math.ceil(seconds / 60)} 分钟`;
}
