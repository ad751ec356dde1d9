// What an agent may do on a village page that he sees, once the guide allowed it. Pure; twin of remote/control.py, with the
// same vectors. The village looks once more at the element itself, see `touchable`.

export type Verb = "fill" | "press" | "choose" | "scroll";
export interface Mark {
  verb: Verb;
  label: string;
  /** Characters that may be filled in; 0: none. */
  longest: number;
  choices: readonly string[];
  /** What the guide wrote there himself stays. */
  keeps: boolean;
}

const mark = (verb: Verb, label: string, longest = 0, choices: readonly string[] = [], keeps = false): Mark => ({ verb, label, longest, choices, keeps });
export const MARKS: Record<string, Mark> = {
  answer: mark("choose", "这一问的回答"),
  back: mark("press", "上一步"),
  filter: mark("fill", "找事项", 40),
  item: mark("press", "打开事项"),
  next: mark("press", "下一步"),
  note: mark("fill", "备注", 300, [], true),
  page: mark("scroll", "页面", 0, ["down", "up"]),
  question: mark("fill", "要问的话", 200),
  rail: mark("press", "左边的栏目"),
  relation: mark("choose", "代办人和办事人的关系", 0, ["配偶", "父母", "子女", "兄弟姐妹", "祖父母、外祖父母", "其他亲属", "村（社区）干部", "监护人", "其他"]),
};
export const REASONS: Record<string, string> = {
  away: "村里的线路断着",
  busy: "上一步还没有做完",
  gone: "那一处已经不在页面上",
  hidden: "那一处现在按不到",
  mark: "这里只能由村里自己动手",
  number: "证件号、银行卡号、电话只能由村里自己填",
  order: "这一步来迟了",
  value: "这个内容不能填在这里",
  written: "村里已经写了字，不替他改",
};
const NUMBER = /(?:[0-9〇零幺一二三四五六七八九][\s.·_/()-]*){7}/;
const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/u;

/** Why an act may not be, a key of REASONS; "" when it may. */
export function refusal(verb: string, name: string, value: string): string {
  const known = Object.hasOwn(MARKS, name) ? MARKS[name] : undefined;
  if (known?.verb !== verb) return "mark";
  if (known.choices.length > 0) return known.choices.includes(value) ? "" : "value";
  if (known.longest === 0) return value === "" ? "" : "value";
  if (value.trim() === "" || [...value].length > known.longest || UNSEEN.test(value)) return "value";
  return ofSomebody(value) ? "number" : "";
}

/** Whether a text holds a certificate, bank or telephone number. */
export const ofSomebody = (text: string): boolean => NUMBER.test(text.normalize("NFKC"));

/** The name that a screen gave an element for a verb; "" when it gave none. */
export const markOf = (element: Element, verb: Verb): string => element.getAttribute(`data-${verb}`) ?? "";
const SAFE_INPUTS = ["text", "search", "radio"];

/** Why this element may not be acted on, "" when it may; `ours` is what the agent himself last filled in there. */
export function touchable(element: Element | null, verb: Verb, name: string, value: string, ours: string | undefined): string {
  if (!(element instanceof HTMLElement) || !element.isConnected) return "gone";
  if (markOf(element, verb) !== name || element.closest(".cobrowse, [data-unseen]")) return "mark";
  if (element instanceof HTMLInputElement && !SAFE_INPUTS.includes(element.type)) return "mark";
  // The one button of a form that may be pressed asks the next question; handing in stays with the guide.
  if ((element instanceof HTMLButtonElement && element.type === "submit") && name !== "next") return "mark";
  if (element.closest("[inert], [hidden], fieldset:disabled") || (element as HTMLButtonElement).disabled || !inFront(element)) return "hidden";
  if (verb === "fill") return fillable(element, name, ours);
  if (element instanceof HTMLSelectElement && ![...element.options].some((one) => one.value === value)) return "value";
  return "";
}

function fillable(element: HTMLElement, name: string, ours: string | undefined): string {
  if (!(element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement)) return "mark";
  if (element.readOnly) return "hidden";
  if (ofSomebody(element.value)) return "number";
  return MARKS[name]?.keeps && element.value.trim() !== "" && element.value !== ours ? "written" : "";
}

/** A dialog that is open hides all that is not in it. */
function inFront(element: HTMLElement): boolean {
  const dialogs = [...document.querySelectorAll("dialog[open]")];
  return dialogs.length === 0 || dialogs.some((one) => one.contains(element));
}
