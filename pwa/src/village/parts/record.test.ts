import { expect, test } from "vitest";
import type { RecordRow } from "../../store/types";
import { titleOf } from "./record";

const row = (kind: RecordRow["kind"], title: string): RecordRow => ({ kind, id: "x", title, at: "", send: "sent", problem: "", progress: "", asked: "", papers: { waiting: 0, refused: 0 }, rates: "" });

test("a case shows its item and a masked name", () => expect(titleOf(row("case", "低保 · 张三丰"))).toBe("低保 · 张*丰"));
test("masking twice changes nothing", () => expect(titleOf(row("case", "低保 · 张*丰"))).toBe("低保 · 张*丰"));
test("a rating does not show its level", () => expect(titleOf(row("rating", "评价 · 不满意"))).toBe("评价"));
test("a question shows what was asked", () => expect(titleOf(row("question", "低保怎么办"))).toBe("提问：低保怎么办"));
