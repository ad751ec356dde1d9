// @vitest-environment happy-dom
import { expect, test } from "vitest";

import vectors from "../../../tests/vectors/check_vectors.json";
import { scrub, type Told } from "./scrub";

const PERSON = ["和学花", ...vectors.id_valid, "13888880000"];
/** A page with a person in every place that an element has. */
function planted(who: string): string {
  return `<h1>${who}</h1><p title="${who}" aria-label="${who}" data-name="${who}" class="${who} card" id="${who}" style="background:url(/${who})" role="${who}">${who}</p>
  <label>姓名<input value="${who}" placeholder="${who}" data-x="${who}"></label><textarea>${who}</textarea><button value="${who}" name="${who}">下一步</button>
  <select><option value="${who}" label="${who}" selected>${who}</option></select><img alt="${who}" src="data:image/png;base64,${who}"><a href="#/records/${who}">${who}</a>
  <dl><dt>姓名</dt><dd>${who}</dd></dl><svg class="icon"><title>${who}</title><path d="M0 0" data-d="${who}"/></svg><input type="checkbox" value="${who}" checked>`;
}

let number = 0;
const nodes = new Map<number, Node>();
const nodeOf = (id: number): Node | null => nodes.get(id) ?? null;

/** The page as rrweb writes it, with everything it may write. */
function serialized(node: Node): Record<string, unknown> {
  const id = ++number;
  nodes.set(id, node);
  if (!(node instanceof Element)) return { type: node.nodeType === 8 ? 5 : 3, id, textContent: node.textContent, rootId: node.textContent };
  const attributes = Object.fromEntries([...node.attributes].map((one) => [one.name, one.value]));
  const value = (node as HTMLInputElement).value;
  if (typeof value === "string") attributes.value = value;
  return { type: 2, id, tagName: node.localName, attributes: { ...attributes, rr_dataURL: value, _cssText: value }, childNodes: [...node.childNodes].map(serialized), isCustom: value };
}

function told(event: Omit<Told, "timestamp">): string {
  return JSON.stringify(scrub({ ...event, timestamp: 1 } as Told, nodeOf));
}

test.each(PERSON)("a person planted in every place is in no event: %s", (who) => {
  document.body.innerHTML = planted(who);
  document.body.append(document.createComment(who));
  const tree = serialized(document.body);
  const every = [...nodes.keys()];
  const out = [
    told({ type: 2, data: { node: tree, initialOffset: { left: 0, top: 0, who } } }),
    told({ type: 4, data: { href: `http://x/#/${who}`, width: 1, height: 1 } }),
    told({ type: 3, data: { source: 0, texts: every.map((id) => ({ id, value: who })), attributes: [], removes: [{ parentId: 1, id: 2, who }], adds: [{ parentId: 1, nextId: null, node: tree, who }] } }),
    ...["title", "aria-label", "value", "class", "id", "style", "src", "href", "data-x", "placeholder", "alt", "label", "role", "type", "checked", "aria-checked", "d", "rows", "data-fill", "data-press", "data-choose"].map((name) =>
      told({ type: 3, data: { source: 0, texts: [], removes: [], adds: [], attributes: every.map((id) => ({ id, attributes: { [name]: who } })) } }),
    ),
    told({ type: 3, data: { source: 0, texts: [], removes: [], adds: [], attributes: every.map((id) => ({ id, attributes: { style: { background: `url(${who})`, color: [who, ""] } } })) } }),
    ...every.map((id) => told({ type: 3, data: { source: 5, id, text: who, isChecked: true, userTriggered: who } })),
    ...[1, 2, 3, 4, 6].map((source) => told({ type: 3, data: { source, id: 1, x: 1, y: 1, type: 2, text: who, positions: [{ x: 1, y: 1, id: 1, timeOffset: 0, who }], who } })),
  ].join("\n");
  expect(out).not.toContain(who);
  expect(out).toContain("下一步");
  expect(out).not.toContain("base64");
});

test.each([7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 99])("source %i of rrweb does not leave the page", (source) => {
  expect(scrub({ type: 3, data: { source, text: "x" }, timestamp: 1 }, nodeOf)).toBeNull();
});

test.each([0, 1, 5, 6, 7])("nor an event of type %i", (type) => {
  expect(scrub({ type, data: { payload: "x" }, timestamp: 1 }, nodeOf)).toBeNull();
});

test("a node that nobody knows any more is dots", () => {
  expect(told({ type: 3, data: { source: 0, texts: [{ id: 99_999, value: "下一步" }], attributes: [], removes: [], adds: [] } })).toContain("••••");
});

test("typing is told when the dots change, not key by key", () => {
  document.body.innerHTML = "<input>";
  nodes.set(7, document.querySelector("input") as Node);
  const heard = ["和", "和学", "和学花", "和学花二"].map((text) => scrub({ type: 3, data: { source: 5, id: 7, text, isChecked: false }, timestamp: 1 }, nodeOf)?.data.text);
  expect(heard).toEqual(["••", undefined, "••••", undefined]);
});

test("a choice is told where the screen marks it, elsewhere it looks untouched", () => {
  document.body.innerHTML = '<label data-share><input type="radio" id="a"></label><input type="radio" id="b">';
  nodes.set(8, document.getElementById("a") as Node);
  nodes.set(9, document.getElementById("b") as Node);
  const choose = (id: number): unknown => scrub({ type: 3, data: { source: 5, id, text: "有", isChecked: true }, timestamp: 1 }, nodeOf)?.data;
  expect(choose(8)).toEqual({ source: 5, id: 8, text: "", isChecked: true });
  expect(JSON.stringify(choose(9) ?? null)).not.toContain("true");
});
