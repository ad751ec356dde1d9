// @vitest-environment happy-dom
import { expect, test } from "vitest";

import { dots, inField, inText, isOpenChoice, isShared } from "./mask";

const PERSON = { name: "和学花", id: "533324189901010018", phone: "138 8888 0000" };

function at(html: string, selector: string): Element {
  document.body.innerHTML = html;
  return document.querySelector(selector) as Element;
}

test("nothing is seen but the program's own words", () => {
  const p = at("<p>x</p>", "p");
  expect(inText("  下一步 ", p)).toBe("  下一步 ");
  expect(inText(PERSON.name, p)).toBe("••••");
  expect(inText("第 3 问，和学花", p)).not.toContain("和");
  expect(inText("下一步", null)).toBe("••••");
});

test("what a sentence is filled with stays dots", () => {
  const found = inText(`没有名字里带“${PERSON.name}”的事项。`, at("<p>x</p>", "p"));
  expect(found).toBe("没有名字里带“••••”的事项。");
});

test.each(["dd", "td", "option"])("a word of the program in a place of values (%s) may be what a person is", (tag) => {
  const table = tag === "td" ? "<table><tr><td>x</td></tr></table>" : tag === "dd" ? "<dl><dd>x</dd></dl>" : "<select><option>x</option></select>";
  expect(inText("下一步", at(table, tag))).toBe("••••");
});

test("what a screen marks is seen, but for numbers of people and for what is closed inside", () => {
  const html = '<section data-share><h2>低保金怎么领</h2><p>x</p><div data-unseen><b>x</b></div><svg><text>x</text></svg></section>';
  expect(inText("低保金怎么领", at(html, "h2"))).toBe("低保金怎么领");
  expect(inText(`证号 ${PERSON.id}，电话 ${PERSON.phone}`, at(html, "p"))).toBe("证号 ••••，电话 ••••");
  expect(inText("低保金", at(html, "b"))).toBe("••••");
  expect(inText("低保金", at(html, "text"))).toBe("••••");
});

test("what is typed is never seen, marked or not", () => {
  for (const html of ["<input>", "<textarea></textarea>", "<div data-share><input type=tel></div>", "<div data-share><input type=date></div>"]) {
    const field = at(html, "input, textarea");
    expect(inField(PERSON.id, field)).toBe("•".repeat(16));
    expect(inField("", field)).toBe("");
  }
  expect(inField("福贡县", at("<select><option>福贡县</option></select>", "select"))).toBe("");
});

test("what is chosen is seen only where the screen marks it", () => {
  expect(isOpenChoice(at("<label><input type=checkbox></label>", "input"))).toBe(false);
  expect(isOpenChoice(at("<label data-share><input type=checkbox></label>", "input"))).toBe(true);
  expect(isOpenChoice(at("<div data-share><select></select></div>", "select"))).toBe(false);
  expect(isShared(at("<div data-share><p data-unseen></p></div>", "p"))).toBe(false);
});

test("dots tell whether there is something, and about how much; dots of dots are the same", () => {
  expect(["", " ", "女", "和学花", "和学花和", "1234567", PERSON.id].map((text) => dots(text).length)).toEqual([0, 0, 2, 4, 4, 8, 16]);
  for (let length = 1; length < 30; length++) expect(dots(dots("字".repeat(length)))).toBe(dots("字".repeat(length)));
});
