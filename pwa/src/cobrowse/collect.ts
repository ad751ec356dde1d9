// The words of the program itself, collected from its sources while it is built: what a template says, what a sentence in a
// script says. No person can stand in them, so a page that is seen may show them. What is filled in is a gap, and stays dots.
import { parse } from "vue/compiler-sfc";

import { GAP, bare } from "./gap";


const CHINESE = /[\u4e00-\u9fff]/g;
const LITERALS = /"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`/g;
/** A short word of a list may be what a person is (父母, 女): only sentences are taken from scripts. */
const SENTENCE = 6;

interface Node {
  type: number;
  content?: unknown;
  children?: Node[];
  props?: { type: number; value?: { content: string }; exp?: { content: string } }[];
}

const chinese = (text: string): number => text.match(CHINESE)?.length ?? 0;

/** The words of one source file. */
export function wordsOf(source: string, isVue: boolean): string[] {
  const found: string[] = [];
  const script = isVue ? source.replace(/<style[\s\S]*?<\/style>/g, "") : source;
  for (const [, plain, filled] of script.matchAll(LITERALS)) {
    const text = plain ?? filled?.replace(/\$\{[^}]*\}/g, GAP) ?? "";
    if (chinese(text) >= SENTENCE && !text.includes("、") && !/[={}<>]/.test(text)) found.push(text);
  }
  if (isVue) visit(parse(source).descriptor.template?.ast as Node | undefined, found);
  return [...new Set(found.map(bare))].filter((text) => chinese(text) >= (text.includes(GAP) ? 2 : 1));
}

/** Words that a template chooses among: `busy ? "正在交……" : "交到中心"`. */
const chosen = (expression = ""): string[] => [...expression.matchAll(/"([^"]*)"|'([^']*)'/g)].map(([, a, b]) => a ?? b ?? "").filter((text) => chinese(text) >= 4);

function visit(node: Node | undefined, found: string[]): void {
  let line = "";
  const end = (): void => {
    if (line) found.push(line);
    line = "";
  };
  for (const prop of node?.props ?? []) found.push(...(prop.type === 6 ? [prop.value?.content ?? ""] : chosen(prop.exp?.content)));
  for (const child of node?.children ?? []) {
    if (child.type === 2) line += String(child.content);
    else if (child.type === 5) {
      line += GAP;
      found.push(...chosen((child.content as { content?: string }).content));
    }
    else {
      end();
      visit(child, found);
    }
  }
  end();
}
