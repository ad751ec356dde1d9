"""What a guided flow must satisfy before it may be released: every way through it ends, and every end says what to bring.

Pure. Messages are Chinese: editors read them too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from datasets.flow_text import GENERAL, Flow
from datasets.guiding import Walk, personal_list, plain, walk

FEWEST, MOST = 2, 5
"""Questions of one flow: more than five and people give up (practice of 情形引导)."""
ANSWERS = 7
ASK_LONGEST, SAY_LONGEST, NOTE_LONGEST = 60, 40, 200
QUESTION = {"id", "ask", "help", "answers", "unsure"}
ANSWER = {"say", "words", "situations", "go", "target", "note"}


def check_flow(document: dict[str, Any]) -> list[tuple[str, str]]:
    """(field, message) for every fault of the flow of one item; no flow is no fault."""
    flow: Flow = document["flow"]
    if not flow:
        return []
    faults = _shapes(flow)
    if faults:
        return faults
    faults = _links(flow)
    if faults:
        return faults
    return [*_words(flow), *_ends(document)]


def _shapes(flow: Flow) -> list[tuple[str, str]]:
    if not isinstance(flow, list) or not all(isinstance(q, dict) and set(q) == QUESTION for q in flow):
        return [("flow", "导办流程的写法不对")]
    faults: list[tuple[str, str]] = []
    if not FEWEST <= len(flow) <= MOST:
        faults.append(("flow", f"应有 {FEWEST} 到 {MOST} 个问题，现在有 {len(flow)} 个"))
    faults += [("flow", f"短名“{name}”用了两次") for name, n in Counter(q["id"] for q in flow).items() if n > 1]
    for question in flow:
        at = f"flow[{question['id']}]"
        if question["unsure"] is None:
            faults.append((at, "缺少“不清楚”这一行"))
        if not 2 <= len(question["answers"]) <= ANSWERS:
            faults.append((at, f"应有 2 到 {ANSWERS} 个回答（“不清楚”不算）"))
        if len(question["ask"]) > ASK_LONGEST:
            faults.append((at, f"问题超过 {ASK_LONGEST} 字，说短一点"))
        says = Counter(answer["say"] for answer in question["answers"])
        faults += [(at, f"回答“{say}”写了两次") for say, n in says.items() if n > 1]
        for answer in _all(question):
            faults += [(at, f"“{answer['say']}”：{message}") for message in _answer(answer)]
    return faults


def _all(question: dict[str, Any]) -> list[dict[str, Any]]:
    return [*question["answers"], *([question["unsure"]] if question["unsure"] else [])]


def _answer(answer: dict[str, Any]) -> Iterator[str]:
    if set(answer) != ANSWER:
        yield "写法不对"
        return
    if len(answer["say"]) > SAY_LONGEST:
        yield f"超过 {SAY_LONGEST} 字，说短一点"
    if len(answer["note"]) > NOTE_LONGEST:
        yield f"说明超过 {NOTE_LONGEST} 字"
    if not answer["note"] and (answer["say"] == "不清楚" or answer["go"] in ("human", "stop", "item")):
        yield "要用“说”讲清楚为什么、接下来怎么做"
    if any(len(word) < 2 for word in answer["words"]):
        yield "“词”至少两个字，一个字会认错"


def _links(flow: Flow) -> list[tuple[str, str]]:
    """Every target exists, nothing leads back, every question is reached."""
    after = {q["id"]: [a["target"] for a in _all(q) if a["go"] == "question"] for q in flow}
    missing = sorted({target for targets in after.values() for target in targets if target not in after})
    if missing:
        return [("flow", f"没有短名为“{name}”的问题") for name in missing]
    reached: set[str] = set()
    faults: list[tuple[str, str]] = []

    def visit(name: str, way: tuple[str, ...]) -> None:
        if name in way:
            faults.append(("flow", f"绕回去了：{' → '.join((*way[way.index(name) :], name))}"))
            return
        reached.add(name)
        for target in dict.fromkeys(after[name]):
            if not faults:
                visit(target, (*way, name))

    visit(flow[0]["id"], ())
    return faults or [("flow", f"问题“{name}”谁也走不到") for name in after if name not in reached]


def _words(flow: Flow) -> list[tuple[str, str]]:
    faults = []
    for question in flow:
        counts = Counter(plain(word) for answer in question["answers"] for word in set(answer["words"]))
        faults += [(f"flow[{question['id']}]", f"“{word}”写给了两个回答") for word, n in counts.items() if n > 1]
    return faults


def _ends(document: dict[str, Any]) -> list[tuple[str, str]]:
    """Every way ends with a situation and materials; every situation of the item can be reached."""
    flow: Flow = document["flow"]
    known = [situation["name"] for situation in document["situations"]]
    cited = {s for q in flow for a in _all(q) for s in a["situations"]}
    faults = [("flow", f"事项没有情形“{name}”") for name in sorted(cited - {*known, GENERAL})]
    faults += [("flow", f"情形“{name}”走不到") for name in known if name not in cited]
    for picks, state in ends(flow):
        words = " → ".join(_said(flow, q, a) for q, a in picks)
        answers = [flow[q - 1]["unsure"] if a == 0 else flow[q - 1]["answers"][a - 1] for q, a in picks]
        if state.end == "done" and not any(answer["situations"] for answer in answers):
            faults.append(("flow", f"“{words}”没有对上任何情形（没有特别情形就写“{GENERAL}”）"))
        elif state.end == "done" and not personal_list(document, state.situations)["bring"]:
            faults.append(("flow", f"“{words}”一样材料也没有，应是“不用办”"))
    return faults


def _said(flow: Flow, question: int, answer: int) -> str:
    of = flow[question - 1]
    return str((of["unsure"] if answer == 0 else of["answers"][answer - 1])["say"])


def ends(flow: Flow) -> Iterable[tuple[list[tuple[int, int]], Walk]]:
    """Every way through a flow with where it ends. The flow must be without cycles."""
    waiting: list[list[tuple[int, int]]] = [[]]
    while waiting:
        picks = waiting.pop()
        state = walk(flow, picks)
        if state.end:
            yield picks, state
        else:
            waiting += [[*picks, (state.at, n)] for n in range(len(flow[state.at - 1]["answers"]), -1, -1)]


def check_targets(document: dict[str, Any], slugs: set[str]) -> list[tuple[str, str]]:
    """Flows that lead to an item that there is not."""
    targets = {a["target"] for q in document["flow"] for a in _all(q) if a["go"] == "item"}
    found = [("flow", f"没有事项“{name}”") for name in sorted(targets - slugs)]
    return [*found, ("flow", "“去 事项”指着自己")] if document["slug"] in targets else found
