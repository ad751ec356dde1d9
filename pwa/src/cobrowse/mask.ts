/// <reference path="./words.d.ts" />
// What of the page may be seen by an agent: nothing, but for words of the program itself and for what a screen marks with
// `data-share` (questions, materials, knowledge). All else is dots that tell only whether there is something, and about how much.
import words from "virtual:words";

import { GAP, bare } from "./gap";

/** Nothing below these is seen, whatever they are inside of; pictures of any kind are not. */
export const BLOCKED = "img, picture, video, audio, canvas, iframe, object, embed, svg:not(.icon), .cobrowse, [data-unseen]";
/** Places of values: here a word of the program may be what a person is, so only a mark opens them. */
const VALUES = "dd, td, option, output, textarea, input, select, datalist";
/** Certificate, bank and phone numbers, also with gaps: struck out even of what is marked. */
const NUMBERS = /(?<![\dA-Za-z])(?:\d[ -]?){14,18}[\dXx](?![\dA-Za-z])|(?<!\d)1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)/g;

export type Field = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

export const isField = (node: Node | null): node is Field => node instanceof HTMLInputElement || node instanceof HTMLTextAreaElement || node instanceof HTMLSelectElement;

/** Boxes and circles say nothing that their label does not. */
const isChoice = (field: Element): boolean => field instanceof HTMLInputElement && ["checkbox", "radio"].includes(field.type);

const said = new Set(words.filter((text) => !text.includes(GAP)));
const filled = words
  .filter((text) => text.includes(GAP))
  .sort((a, b) => b.length - a.length)
  .map((text) => ({ parts: text.split(GAP), rule: new RegExp(`^${text.split(GAP).map(escaped).join("([^]*?)")}$`) }));

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

/** Dots for words: whether there are any, and about how many. */
export function dots(text: string): string {
  const { length } = text.trim();
  if (length === 0) return "";
  return "•".repeat(length <= 2 ? 2 : length <= 6 ? 4 : length <= 12 ? 8 : 16);
}

export const isShared = (element: Element): boolean => element.closest("[data-share]") !== null && element.closest(BLOCKED) === null;

/** Words as an agent may read them; `element` is the one they stand in, null when nobody knows. */
export function inText(text: string, element: Element | null): string {
  if (text.trim() === "") return text;
  if (element === null || element.closest(BLOCKED) !== null) return dots(text);
  if (element.closest("[data-share]") !== null) return text.replace(NUMBERS, "••••");
  return element.closest(VALUES) === null ? ofProgram(text) : dots(text);
}

/** The words of the program in a text, the rest as dots. */
export function ofProgram(text: string): string {
  const plain = bare(text);
  if (said.has(plain)) return text;
  for (const { parts, rule } of filled) {
    const found = rule.exec(plain);
    if (found) return parts.map((part, at) => part + dots(found[at + 1] ?? "")).join("");
  }
  return dots(text);
}

/** What stands in a field, as an agent may see it. */
export const inField = (text: string, field: Element): string => (isChoice(field) || field instanceof HTMLSelectElement ? "" : dots(text));

/** Whether an agent may see what is chosen here. */
export const isOpenChoice = (field: Element): boolean => isChoice(field) && isShared(field);

/** Whether this field shows dots instead of what stands in it. */
export const isSecret = (element: Element): boolean => isField(element) && !isOpenChoice(element);
