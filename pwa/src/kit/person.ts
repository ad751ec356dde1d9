// Checking and masking what identifies a person. Pure; vectors in tests/vectors/check_vectors.json.

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]; // GB 11643
const CHECK = "10X98765432"; // GB 11643: remainder of the weighted sum by 11 → last character

/** What is wrong with an ID number, in words a person can act on; "" when it is right. `today` is yyyymmdd. */
export function idProblem(text: string, today: string): string {
  const id = tidyId(text);
  if (id === "") return "请填写身份证号";
  if (/[^0-9X]/.test(id)) return "身份证号只有数字，最后一位可以是 X";
  if (id.length !== 18) return `身份证号应为 18 位，现在是 ${id.length} 位`;
  if (id.slice(0, 17).includes("X")) return "X 只会出现在最后一位";
  if (!isDate(id.slice(6, 14))) return "第 7 到 14 位不是有效的出生日期，请对照证件看一遍";
  if (id.slice(6, 14) > today) return "出生日期晚于今天，请对照证件看一遍";
  if (checkCharacter(id) !== id[17]) return "身份证号对不上，可能有一位写错了，请对照证件看一遍";
  return "";
}

/** Full-width digits, spaces, dashes and a small x are forgiven. */
export function tidyId(text: string): string {
  return text.normalize("NFKC").replace(/[\s\-—–]/g, "").toUpperCase();
}

/** The check character that the first 17 digits ask for (GB 11643). */
export function checkCharacter(id: string): string {
  const sum = WEIGHTS.reduce((total, weight, i) => total + weight * Number(id[i]), 0);
  return CHECK[sum % 11] ?? "";
}

function isDate(text: string): boolean {
  const [year, month, day] = [Number(text.slice(0, 4)), Number(text.slice(4, 6)), Number(text.slice(6, 8))];
  const date = new Date(Date.UTC(year, month - 1, day));
  return year >= 1800 && date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

/** What is wrong with a phone number; "" when it is right or left empty. */
export function phoneProblem(text: string): string {
  const phone = tidyPhone(text);
  if (phone === "" || /^1[3-9]\d{9}$/.test(phone) || /^0\d{9,11}$/.test(phone)) return "";
  if (/^1\d*$/.test(phone) && phone.length !== 11) return `手机号应为 11 位，现在是 ${phone.length} 位`;
  return "电话号码不对，请写手机号，或区号加座机号";
}

/** Without spaces, dashes, brackets and +86. */
export function tidyPhone(text: string): string {
  return text.normalize("NFKC").replace(/[\s\-—–()]/g, "").replace(/^(\+?86)(?=1\d{10}$)/, "");
}

/** "张三丰" → "张*丰", "李四" → "李*", by characters, not UTF-16 units. */
export function maskName(name: string): string {
  const letters = [...name.trim()];
  if (letters.length <= 1) return letters.join("");
  if (letters.length === 2) return `${letters[0]}*`;
  return `${letters[0]}${"*".repeat(letters.length - 2)}${letters[letters.length - 1]}`;
}

/** "533324189901010018" → "533324********0018". Anything not 18 long shows its last two characters at most. */
export function maskId(id: string): string {
  const text = tidyId(id);
  if (text.length === 18) return `${text.slice(0, 6)}********${text.slice(14)}`;
  return text === "" ? "" : "*".repeat(Math.max(text.length - 2, 1)) + text.slice(Math.max(text.length - 2, 1));
}

/** "13800138000" → "138****8000"; landlines keep their last three digits. */
export function maskPhone(phone: string): string {
  const text = tidyPhone(phone);
  if (text.length === 11 && text.startsWith("1")) return `${text.slice(0, 3)}****${text.slice(7)}`;
  return text.length > 3 ? "*".repeat(text.length - 3) + text.slice(-3) : "*".repeat(text.length);
}
