import { maskName } from "../../kit/person";
import type { RecordRow } from "../../store/types";

const KINDS: Record<RecordRow["kind"], string> = { case: "办件", supplement: "补交材料", withdrawal: "撤回办件", rating: "评价", notice: "告知单", question: "提问", message: "留言" };

/**
 * A record in one line for lists that anybody at the counter may read over the guide's shoulder: the applicant's name is
 * masked (titles of cases are "item · name"), and of a rating only that it was given: the level is the rater's own affair.
 */
export function titleOf(row: RecordRow): string {
  if (row.kind === "rating") return "评价";
  if (row.kind !== "case") return `${KINDS[row.kind]}：${row.title}`;
  const cut = row.title.lastIndexOf(" · ");
  return cut < 0 ? row.title : `${row.title.slice(0, cut)} · ${maskName(row.title.slice(cut + 3))}`;
}
