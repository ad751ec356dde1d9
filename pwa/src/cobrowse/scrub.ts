// Builds anew what of an rrweb event an agent may see, by the elements it speaks of; runs before anything is packed.
import { dots, inField, inText, isField, isOpenChoice, isSecret } from "./mask";

export interface Told {
  type: number;
  data: Record<string, unknown>;
  timestamp: number;
}
interface Part {
  type: number;
  id: number;
  tagName?: string;
  textContent?: string;
  attributes?: Record<string, unknown>;
  childNodes?: Part[];
  isSVG?: boolean;
  needBlock?: boolean;
}
type NodeOf = (id: number) => Node | null;

/** Attributes that pass when they look like what the program writes; the centre holds the same list (remote/cobrowse.py). */
const PLAIN = new Set([
  "role", "type", "disabled", "readonly", "open", "hidden", "multiple", "rows", "cols", "colspan", "rowspan", "start", "reversed", "dir", "lang",
  "viewBox", "width", "height", "d", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "rx", "ry", "points", "fill", "stroke", "stroke-width",
  "stroke-linecap", "stroke-linejoin", "fill-rule", "rr_width", "rr_height", "rr_scrollLeft", "rr_scrollTop", "rr_open_mode", "aria-current",
  "aria-invalid", "aria-expanded", "aria-disabled", "data-size", "data-theme", "data-fill", "data-press", "data-choose",
]);
/** Attributes that tell what is chosen. */
const CHOSEN = new Set(["checked", "selected", "aria-checked", "aria-selected", "aria-pressed"]);
const HARMLESS = /^(?!.*\d{7})[\w .,%#+-]*$/;
const CLASS = /^(?!.*\d{4})[A-Za-z][\w-]{0,30}$/;
const SOURCES = new Set([0, 1, 2, 3, 4, 5, 6]);
/** What a field was last shown to hold, so that the length of a word is not told key by key. */
const shown = new WeakMap<Element, string>();

/** The event as it may leave the page; null when nothing of it may, or nothing is new in it. */
export function scrub(event: Told, nodeOf: NodeOf): Told | null {
  const { type, data, timestamp } = event;
  const found = type === 2 ? whole(data, nodeOf) : type === 4 ? { href: "", width: data.width, height: data.height } : type === 3 && SOURCES.has(Number(data.source)) ? change(data, nodeOf) : null;
  return found && { type, data: found, timestamp };
}

function whole(data: Record<string, unknown>, nodeOf: NodeOf): Record<string, unknown> {
  const { left = 0, top = 0 } = (data.initialOffset ?? {}) as { left?: number; top?: number };
  return { node: part(data.node as Part, nodeOf), initialOffset: { left, top } };
}

function change(data: Record<string, unknown>, nodeOf: NodeOf): Record<string, unknown> | null {
  const { source, id, type, x, y } = data;
  if (source === 0) {
    const texts = data.texts as { id: number; value: string | null }[];
    const changed = data.attributes as { id: number; attributes: Record<string, unknown> }[];
    const adds = data.adds as { parentId: number; nextId: number | null; node: Part }[];
    const removes = data.removes as { parentId: number; id: number }[];
    return {
      source,
      texts: texts.map((one) => ({ id: one.id, value: words(one.value ?? "", nodeOf(one.id)) })),
      attributes: changed.map((one) => ({ id: one.id, attributes: attributes(one.attributes, nodeOf(one.id)) })),
      removes: removes.map((one) => ({ parentId: one.parentId, id: one.id })),
      adds: adds.map((one) => ({ parentId: one.parentId, nextId: one.nextId, node: part(one.node, nodeOf) })),
    };
  }
  if (source === 5) return typed(data, nodeOf(id as number));
  if (source === 4) return { source, width: data.width, height: data.height };
  if (source === 2) return { source, type, id, x: x ?? 0, y: y ?? 0 };
  if (source === 3) return { source, id, x, y };
  const positions = data.positions as { x: number; y: number; id: number; timeOffset: number }[];
  return { source, positions: positions.map((one) => ({ x: one.x, y: one.y, id: one.id, timeOffset: one.timeOffset })) };
}

function typed(data: Record<string, unknown>, field: Node | null): Record<string, unknown> | null {
  const { source, id } = data;
  if (!isField(field)) return null;
  if (isOpenChoice(field)) return { source, id, text: "", isChecked: data.isChecked === true };
  const text = inField(String(data.text ?? ""), field);
  if (shown.get(field) === text) return null;
  shown.set(field, text);
  return { source, id, text, isChecked: false };
}

function part(one: Part, nodeOf: NodeOf): Part {
  const { type, id } = one;
  if (type === 3) return { type, textContent: words(one.textContent ?? "", nodeOf(id)), id };
  if (type !== 0 && type !== 2) return { type, textContent: "", id };
  const inside = one.tagName === "head" ? [] : (one.childNodes ?? []);
  const childNodes = inside.map((child) => part(child, nodeOf));
  if (type === 0) return { type, childNodes, id };
  const built: Part = { type, tagName: one.tagName ?? "div", attributes: attributes(one.attributes ?? {}, nodeOf(id)), childNodes, id };
  if (one.isSVG) built.isSVG = true;
  if (one.needBlock) built.needBlock = true;
  return built;
}

function words(text: string, node: Node | null): string {
  const element = node instanceof Element ? node : (node?.parentElement ?? null);
  return isField(element) ? dots(text) : inText(text, element);
}

function attributes(found: Record<string, unknown>, node: Node | null): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  if (!(node instanceof Element)) return kept;
  for (const [name, value] of Object.entries(found)) {
    const plain = value === null || typeof value === "boolean" || typeof value === "number" || (typeof value === "string" && HARMLESS.test(value));
    if (name === "class") kept.class = String(value ?? "").split(/\s+/).filter((one) => CLASS.test(one)).join(" ");
    else if (name === "placeholder" || name === "label") kept[name] = typeof value === "string" ? inWords(value, node) : value;
    else if (name === "value") {
      if (isField(node) && typeof value === "string") shown.set(node, (kept.value = inField(value, node)));
    } else if (CHOSEN.has(name)) {
      if (plain && isOpenChoice(node)) kept[name] = value;
    } else if (name === "style") {
      if (isQuiet(value)) kept.style = value;
    } else if (PLAIN.has(name) && plain) kept[name] = value;
  }
  if (isSecret(node)) kept["data-secret"] = "";
  return kept;
}

/** A placeholder belongs to the program even though its field holds what is typed. */
const inWords = (text: string, element: Element): string => inText(text, isField(element) ? element.parentElement : element);

/** Styles of sizes and colours only: no address, no words. */
function isQuiet(value: unknown): boolean {
  const text = typeof value === "string" ? value : JSON.stringify(value ?? "");
  return text.length < 300 && !/url|image|data:|blob:|content|\d{7}|[^\x20-\x7e]/i.test(text);
}
