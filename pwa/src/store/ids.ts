// Ids and texts made on the device: UUIDv7, case numbers, masking.
import { hex } from "../kit/hex";

/** A UUIDv7 (RFC 9562): unique, and sorts by the time it was made. */
export function uuid7(now: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  new DataView(bytes.buffer).setUint32(0, Math.floor(now / 0x10000));
  new DataView(bytes.buffer).setUint16(4, now % 0x10000);
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  const digits = hex(bytes);
  return [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].join("-");
}

/** yyyymmdd in Beijing. */
export function beijingDay(now: number): string {
  return new Date(now + 8 * 3_600_000).toISOString().slice(0, 10).replaceAll("-", "");
}

/** 办件编号: NJ, 9 digits of the point's region, day, the device's letters, counter of the day. */
export function caseNumber(region: string, day: string, letters: string, counter: number): string {
  return `NJ${region.slice(0, 9)}${day}${letters}${String(counter).padStart(4, "0")}`;
}

/** 告知单编号: GZ and the parts of a case number; `last` is "day counter" of the one before, `next` of this one. */
export function noticeNumber(
  device: { letters: string; point: { region: string } },
  now: number,
  last: string | null,
): { number: string; next: string } {
  const day = beijingDay(now);
  const [lastDay, counter] = (last ?? "").split(" ");
  const used = (lastDay === day ? Number(counter) : 0) + 1;
  const digits = String(used).padStart(4, "0");
  return { number: `GZ${device.point.region.slice(0, 9)}${day}${device.letters}${digits}`, next: `${day} ${used}` };
}

const LONG_NUMBER = /[0-9０-９](?:[ \-－–]?[0-9０-９]){6,18}[xXｘＸ]?/g;

/** The text without ID card, phone and bank card numbers: any run of seven digits or more, spaces and dashes inside. */
export function mask(text: string): string {
  return text.replace(LONG_NUMBER, "〔号码〕");
}
