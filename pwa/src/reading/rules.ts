// 证件读取, pure: from lines of print to the fields of a card, each with how sure it is and what speaks against it.
// Twin of app/reading/rules.py, held to it by tests/vectors/reading.json; why each rule is so stands there.
import { checkCharacter } from "../kit/person";

/** Left, top, right, bottom, in parts of the picture's width and height. */
export type Box = [left: number, top: number, right: number, bottom: number];

/** One line of print as the engine saw it. */
export interface Line {
  text: string;
  sure: number; // 0 to 1
  box: Box;
}

/** One proposal; `note`: what the guide should look at, "" when nothing speaks against it. */
export interface Field {
  name: FieldName;
  value: string;
  sure: number; // what contradicts the rest of the card is never above DOUBTED
  note: string;
  box: Box;
}

/** What a picture is and what it says; no fields when it is no card we know. */
export interface Reading {
  kind: keyof typeof KINDS;
  fields: Field[];
}

export const KINDS = {
  "id-card": "居民身份证",
  "id-card-back": "居民身份证（国徽面）",
  household: "户口簿",
  "social-security": "社会保障卡",
  business: "营业执照",
  "": "",
};

/** Fields in the order in which a page shows them. */
export const LABELS = {
  name: "姓名",
  sex: "性别",
  nation: "民族",
  birth: "出生日期",
  address: "住址",
  id_number: "身份证号码",
  office: "签发机关",
  valid: "有效期限",
  uscc: "统一社会信用代码",
  company: "单位名称",
};
export type FieldName = keyof typeof LABELS;

export const DOUBTED = 0.5;

/** The 56 of GB/T 3304, in its order. */
export const NATIONS = (
  "汉 蒙古 回 藏 维吾尔 苗 彝 壮 布依 朝鲜 满 侗 瑶 白 土家 哈尼 哈萨克 傣 黎 傈僳 佤 畲 高山 拉祜 水 东乡 纳西 景颇 柯尔克孜 土 达斡尔 仫佬 羌 布朗 撒拉 毛南 " +
  "仡佬 锡伯 阿昌 普米 塔吉克 怒 乌孜别克 俄罗斯 鄂温克 德昂 保安 裕固 京 塔塔尔 独龙 鄂伦春 赫哲 门巴 珞巴 基诺"
).split(" ");

/** GB/T 2260, first two digits; a county's code may be an old one, so no more is asked. */
const PROVINCES = new Set("11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83".split(" "));

/** What stands before a value; those of "" only end the one before. */
const WORDS: Partial<Record<FieldName | "", string[]>> = {
  name: ["姓名"],
  sex: ["性别"],
  nation: ["民族"],
  birth: ["出生日期", "出生"],
  address: ["住址", "本市(县)其他住址", "其他住址"],
  id_number: ["公民身份号码", "公民身份证号码", "公民身份证件编号", "社会保障号码", "身份证号码", "身份证号"],
  office: ["签发机关"],
  valid: ["有效期限", "有效期"],
  uscc: ["统一社会信用代码"],
  company: ["名称"],
  "": (
    "户主或与户主关系 曾用名 出生地 籍贯 宗教信仰 身高 血型 文化程度 婚姻状况 兵役状况 服务处所 职业 何时由何地迁来 登记日期 承办人签章 卡号 发卡日期 银行卡号 类型 " +
    "法定代表人 经营范围 注册资本 成立日期 营业期限 经营者 组成形式 登记机关 户别 户主姓名 户号"
  ).split(" "),
};
const WORD = new Map(Object.entries(WORDS).flatMap(([name, words]) => words.map((word) => [word, name as FieldName | ""] as const)));
const LONGEST_FIRST = [...WORD.keys()].sort((one, other) => other.length - one.length);
const ANY = new RegExp(LONGEST_FIRST.map((word) => word.replace(/[()]/g, "\\$&")).join("|"), "g");
const SPACED = ["姓 名", "性 别", "民 族", "住 址", "出 生", "名 称", "籍 贯", "类 型", "职 业", "血 型", "身 高"];

/** What print takes for digits, and which they are. */
const TAKEN = "OoDQUIl|i!LZzSsBbGg〇";
const MEANT = "00000111111225588690";
const DIGIT = `0-9${TAKEN}`;
const NUMBER = `(?<![0-9A-Za-z])[${DIGIT}]{17}[${DIGIT}Xx×✕](?![0-9A-Za-z])`;
const USCC = /(?<![0-9A-Za-z])[0-9A-Za-z]{18}(?![0-9A-Za-z])/g;
const DATE = `([${DIGIT}]{4})[年.\\-/]([${DIGIT}]{1,2})[月.\\-/]([${DIGIT}]{1,2})日?`;
const VALID = new RegExp(`${DATE}[-—–~至一]+(?:${DATE}|长期)`);
const NOT_HAN = /[^\u3400-\u9fff\u{20000}-\u{323af}·]/gu;
const NOT_ADDRESS = /[^\p{L}\p{N}_\u3400-\u9fff()#\-—·、号]/gu;
const SPACE = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/g; // as Python's \s
const LOOKALIKE: Record<string, string> = { 漢: "汉", 獨: "独", 龍: "龙", 納: "纳", 傣: "傣", 儸: "傈", 僳: "僳" };
const CODE = "0123456789ABCDEFGHJKLMNPQRTUWXY"; // GB 32100

/** Signs, not UTF-16 units. */
const signs = (text: string): number => [...text].length;
const digits = (text: string): string => [...text].map((sign) => MEANT[TAKEN.indexOf(sign)] ?? sign).join("");
const startsWithWord = (text: string): boolean => text.search(ANY) === 0;

/** Half-width, without spaces; the dot of a name as one sign. */
export function tidy(text: string): string {
  let tidied = text.normalize("NFKC");
  for (const spaced of SPACED) tidied = tidied.replaceAll(spaced, spaced.replace(" ", ""));
  return tidied.replace(SPACE, "").replace(/[•・‧∙]/g, "·");
}

/** Proposals from the lines of one picture; `today` is yyyy-mm-dd. */
export function read(lines: readonly Line[], today: string): Reading {
  const rows = lines
    .map((one) => ({ ...one, text: tidy(one.text) }))
    .filter(({ text }) => text !== "")
    .sort((one, other) => one.box[1] - other.box[1] || one.box[0] - other.box[0]);
  const kind = kindOf(rows);
  const parts = partsOf(rows);
  const found: (Field | null)[] = [];
  if (kind === "business") found.push(usccOf(rows), companyOf(parts));
  else if (kind === "id-card-back") found.push(officeOf(parts), validOf(rows, today));
  else if (kind !== "") {
    const number = numberOf(rows, printedBirth(parts));
    found.push(nameOf(parts), sexOf(parts, number), nationOf(parts), birthOf(parts, number, today));
    found.push(kind === "social-security" ? null : addressOf(parts, rows), number);
  }
  const order = Object.keys(LABELS);
  const fields = found.filter((one) => one !== null);
  return { kind, fields: fields.sort((one, other) => order.indexOf(one.name) - order.indexOf(other.name)) };
}

function kindOf(rows: readonly Line[]): Reading["kind"] {
  const text = rows.map((one) => one.text).join(" ");
  const says = (...words: string[]): number => words.filter((word) => text.includes(word)).length;
  if (says("统一社会信用代码") && says("营业执照", "经营范围", "法定代表人", "经营者", "登记机关")) return "business";
  if (says("社会保障")) return "social-security";
  if (says("常住人口登记", "户主或与户主关系", "宗教信仰", "户别")) return "household";
  if (says("签发机关", "有效期限") || (says("居民身份证") && !says("公民身份号码"))) return "id-card-back";
  if (says("公民身份号码", "住址") || says("姓名", "性别", "民族", "出生") > 1 || numbersIn(rows).length > 0) return "id-card";
  return "";
}

// ---- words and what stands after them ----

/** A word of the form and the value that belongs to it. */
interface Part {
  name: FieldName | "";
  value: string;
  sure: number;
  box: Box;
}

/** Every word of the form with its value: in the same line, else the next line to the right, else right below. */
function partsOf(rows: readonly Line[]): Part[] {
  const found: Part[] = [];
  for (const row of rows) {
    let marks = [...row.text.matchAll(ANY)];
    const first = marks[0];
    if (!first || signs(row.text.slice(0, first.index)) > 2) continue; // a word in the middle of running text is none
    if (WORD.get(first[0]) === "address") marks = [first]; // a village may be called so: 民族村
    marks.forEach((mark, at) => {
      const name = WORD.get(mark[0]) ?? "";
      const from = mark.index + mark[0].length;
      const to = marks[at + 1]?.index ?? row.text.length;
      const value = row.text.slice(from, to).replace(/^[:：]+/, "");
      if (value !== "" || to !== row.text.length) found.push({ name, value, sure: row.sure, box: cut(row, from, to) });
      else {
        const beside = besides(row, rows);
        if (beside) found.push({ name, value: beside.text, sure: beside.sure, box: beside.box });
      }
    });
  }
  return found;
}

/** The part of a line's box that some of its signs take; Chinese signs are twice as wide as digits. */
function cut(row: Line, from: number, to: number): Box {
  const width = (text: string): number => [...text].reduce((sum, sign) => sum + (sign.codePointAt(0)! < 128 ? 1 : 2), 0);
  const [left, top, right, bottom] = row.box;
  const unit = (right - left) / Math.max(width(row.text), 1);
  return [left + unit * width(row.text.slice(0, from)), top, left + unit * width(row.text.slice(0, to)), bottom];
}

const middle = (box: Box): number => (box[1] + box[3]) / 2;

/** The one with the least of something, the first of equals. */
function least<T>(all: readonly T[], of: (one: T) => number): T | null {
  return all.reduce<T | null>((best, one) => (best === null || of(one) < of(best) ? one : best), null);
}

/** The value that stands alone: to the right in the same row, else right below; never another word of the form. */
function besides(row: Line, rows: readonly Line[]): Line | null {
  const height = row.box[3] - row.box[1];
  const others = rows.filter((one) => one !== row && !startsWithWord(one.text));
  const below = others.filter(({ box }) => {
    const down = middle(box) - middle(row.box);
    return 0 < down && down < 2.2 * height && box[0] < row.box[2] && box[2] > row.box[0];
  });
  return rightOf(row, others) ?? least(below, ({ box }) => box[1]);
}

/** The next line in the same row. */
function rightOf(row: Line, rows: readonly Line[]): Line | null {
  const height = row.box[3] - row.box[1];
  const right = rows.filter((one) => one !== row && Math.abs(middle(one.box) - middle(row.box)) < height && one.box[0] > row.box[2] - height);
  return least(right, ({ box }) => box[0]);
}

const first = (parts: readonly Part[], name: FieldName): Part | undefined => parts.find((one) => one.name === name && one.value !== "");

// ---- fields ----

function nameOf(parts: readonly Part[]): Field | null {
  const part = first(parts, "name");
  const value = (part?.value ?? "").replaceAll(".", "·").replace(NOT_HAN, "").replace(/^·+|·+$/g, "");
  if (!part || value === "") return null;
  const odd = signs(value) < 2 || signs(value) > 20;
  return field("name", value, part, odd ? "姓名的字数少见，请细看" : "");
}

function sexOf(parts: readonly Part[], number: Field | null): Field | null {
  const part = first(parts, "sex");
  const value = /[男女]/.exec(part?.value ?? "")?.[0] ?? "";
  const valid = number !== null && idFault(number.value) === "";
  const byNumber = valid ? (Number(number.value[16]) % 2 ? "男" : "女") : "";
  if (part && value) return field("sex", value, part, byNumber === "" || byNumber === value ? "" : `和身份证号第 17 位（${byNumber}）对不上`);
  return number && byNumber ? { name: "sex", value: byNumber, sure: DOUBTED, note: "卡面上没读到，是按身份证号推出的", box: number.box } : null;
}

function nationOf(parts: readonly Part[]): Field | null {
  const part = first(parts, "nation");
  if (!part) return null;
  const seen = [...part.value.replace(NOT_HAN, "")].map((sign) => LOOKALIKE[sign] ?? sign).join("").replace(/族$/, "");
  if (NATIONS.includes(seen)) return field("nation", seen, part, "");
  const like = (one: string): boolean => one.length > 1 && one.length === signs(seen) && [...seen].filter((sign, at) => sign !== one[at]).length === 1;
  const near = NATIONS.filter(like);
  const doubted = { name: "nation" as const, sure: Math.min(part.sure, DOUBTED), box: part.box };
  if (near.length === 1) return { ...doubted, value: near[0]!, note: `看到的是“${seen}”，最像“${near[0]}”` };
  return seen ? { ...doubted, value: seen, note: "不在 56 个民族里，请对照填写" } : null;
}

interface Printed {
  day: string; // yyyy-mm-dd
  part: Part;
}

function printedBirth(parts: readonly Part[]): Printed | null {
  for (const part of parts) {
    const found = part.name === "birth" ? new RegExp(DATE).exec(part.value) : null;
    if (found) return { day: dayOf(found), part };
  }
  return null;
}

function dayOf(found: RegExpExecArray | RegExpMatchArray): string {
  const [year, month, day] = found.slice(1, 4).map(digits);
  return [year, month!.padStart(2, "0"), day!.padStart(2, "0")].join("-");
}

function birthOf(parts: readonly Part[], number: Field | null, today: string): Field | null {
  const printed = printedBirth(parts);
  const told = number && !idFault(number.value) ? number.value : "";
  const byNumber = told && `${told.slice(6, 10)}-${told.slice(10, 12)}-${told.slice(12, 14)}`;
  if (!printed) {
    return number && byNumber ? { name: "birth", value: byNumber, sure: DOUBTED, note: "卡面上没读到，是按身份证号推出的", box: number.box } : null;
  }
  const { day, part } = printed;
  let note = "";
  if (!isDay(day)) note = "没有这一天，请对照填写";
  else if (day > today) note = "晚于今天，请对照填写";
  else if (byNumber !== "" && byNumber !== day) note = `和身份证号里的（${byNumber}）对不上`;
  return field("birth", day, part, note);
}

function isDay(text: string): boolean {
  const [year, month, day] = text.split("-").map(Number) as [number, number, number];
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day); // Date.UTC takes the years 0 to 99 for 1900 to 1999
  return year >= 1 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

function addressOf(parts: readonly Part[], rows: readonly Line[]): Field | null {
  const part = first(parts, "address");
  if (!part) return null;
  let { value, sure, box } = part;
  const height = part.box[3] - part.box[1];
  for (const row of rows) {
    // from top to bottom: the lines that go on below the first
    const down = middle(row.box) - (box[3] - height / 2);
    const below = 0.4 * height < down && down < 1.9 * height;
    if (!below || Math.abs(row.box[0] - part.box[0]) >= 3 * height || startsWithWord(row.text) || numbersIn([row]).length > 0) continue;
    value += row.text;
    sure = Math.min(sure, row.sure);
    box = [Math.min(box[0], row.box[0]), box[1], Math.max(box[2], row.box[2]), row.box[3]];
  }
  value = value.replace(NOT_ADDRESS, "");
  return field("address", value, { name: "address", value, sure, box }, signs(value) >= 6 ? "" : "住址不全，请对照填写");
}

/** Whatever looks like a citizen number, also one that the engine saw in two pieces; the label before it is taken off. */
function numbersIn(rows: readonly Line[]): { number: string; sure: number; box: Box }[] {
  const found: { number: string; sure: number; box: Box }[] = [];
  for (const row of rows) {
    for (const mark of row.text.replace(ANY, " ").matchAll(new RegExp(NUMBER, "g"))) {
      const from = row.text.indexOf(mark[0]);
      found.push({ number: asNumber(mark[0]), sure: row.sure, box: cut(row, from, from + 18) });
    }
  }
  for (const one of rows) {
    const other = rightOf(one, rows);
    const joined = other && new RegExp(NUMBER).exec(one.text.replace(ANY, " ") + other.text);
    if (other && joined) {
      found.push({ number: asNumber(joined[0]), sure: Math.min(one.sure, other.sure), box: [one.box[0], one.box[1], other.box[2], other.box[3]] });
    }
  }
  return found;
}

const asNumber = (text: string): string => digits(text.slice(0, 17)) + (/[Xx×✕]/.test(text[17]!) ? "X" : digits(text[17]!));

function numberOf(rows: readonly Line[], birth: Printed | null): Field | null {
  const found = numbersIn(rows);
  const best = found.find((one) => !idFault(one.number)) ?? found[0];
  if (!best) return null;
  const { number } = best;
  const part: Part = { name: "id_number", value: number, sure: best.sure, box: best.box };
  let fault = idFault(number);
  if (fault && birth) {
    // one digit of the date misread: the date printed above says which
    const mended = number.slice(0, 6) + birth.day.replaceAll("-", "") + number.slice(14);
    if (!idFault(mended)) return field("id_number", mended, part, `号码里的生日没看清，按印着的出生日期（${birth.day}）补的`);
  }
  if (!fault && !PROVINCES.has(number.slice(0, 2))) fault = "前两位不是任何省份";
  return field("id_number", number, part, fault);
}

/** Why a citizen number is not valid (GB 11643), "" when it is. */
function idFault(number: string): string {
  if (!/^\d{17}[\dX]$/.test(number)) return "应是 18 位，最后一位可以是 X";
  if (!isDay(`${number.slice(6, 10)}-${number.slice(10, 12)}-${number.slice(12, 14)}`)) return "里面的出生日期不存在";
  return checkCharacter(number) === number[17] ? "" : "最后一位校验不对，请再核对一遍";
}

function officeOf(parts: readonly Part[]): Field | null {
  const part = first(parts, "office");
  const value = (part?.value ?? "").replace(NOT_HAN, "");
  return part && value ? field("office", value, part, /[局厅]$/.test(value) ? "" : "签发机关一般是公安局，请细看") : null;
}

function validOf(rows: readonly Line[], today: string): Field | null {
  for (const row of rows) {
    const found = VALID.exec(row.text);
    if (!found) continue;
    const [start, end = "长期"] = [...found[0].matchAll(new RegExp(DATE, "g"))].map(dayOf) as [string, string?];
    let note = "";
    if (!isDay(start) || (end !== "长期" && !(isDay(end) && end > start))) note = "起止日期不对，请对照填写";
    else if (end !== "长期" && end < today) note = "证件已过有效期";
    const box = cut(row, found.index, found.index + found[0].length);
    return field("valid", `${start} 至 ${end}`, { name: "valid", value: "", sure: row.sure, box }, note);
  }
  return null;
}

function usccOf(rows: readonly Line[]): Field | null {
  const found: Part[] = [];
  for (const row of rows) {
    for (const mark of row.text.replace(ANY, " ").matchAll(USCC)) {
      // I, O, S, V, Z do not occur in it: read as the digits they look like
      const value = mark[0].toUpperCase().replace(/[IOSZ]/g, (sign) => "1052"["IOSZ".indexOf(sign)]!);
      found.push({ name: "uscc", value, sure: row.sure, box: row.box });
    }
  }
  const best = found.find(({ value }) => !usccFault(value)) ?? found[0];
  return best ? field("uscc", best.value, best, usccFault(best.value)) : null;
}

/** Why a unified social credit code is not valid (GB 32100), "" when it is. */
function usccFault(code: string): string {
  if (code.length !== 18 || [...code].some((sign) => !CODE.includes(sign))) return "应是 18 位数字和大写字母，没有 I、O、S、V、Z";
  let [total, weight] = [0, 1];
  for (const sign of code.slice(0, 17)) {
    total += CODE.indexOf(sign) * weight;
    weight = (weight * 3) % 31;
  }
  return CODE[(31 - (total % 31)) % 31] === code[17] ? "" : "最后一位校验不对，请再核对一遍";
}

function companyOf(parts: readonly Part[]): Field | null {
  const part = first(parts, "company");
  return part ? field("company", part.value, part, signs(part.value) >= 4 ? "" : "名称不全，请细看") : null;
}

function field(name: FieldName, value: string, part: Part, note: string): Field {
  return { name, value, sure: Number((note ? Math.min(part.sure, DOUBTED) : part.sure).toFixed(2)), note, box: part.box };
}
