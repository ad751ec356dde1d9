"""The written form of a guided flow: what stands in `flows/<slug>.yaml` and what editors type, and back.

    原因 这次为什么办身份证？:
    - ※ 看看手里的旧证还在不在。
    - 丢了，找不到了 ｜词 丢了、掉了 ｜情形 丢失补领 ｜去 年龄
    - 不清楚 ｜说 先在家里找一找，找不到就当丢失来办。

A question is its short name, a space, the question and a colon. Each answer is one line; its parts are divided by `｜`:
`词` words in a villager's question that mean this answer (、), `情形` situations of the item that it chooses ( + ), `去` where
it leads, `说` a sentence shown with it. `去` is the short name of a question, or 办 (the list), 问人, 不用办, 事项 <slug>;
left out it means the next question, after the last one the list; for 不清楚 it means 问人.
"""

from __future__ import annotations

import re
from typing import Any

Flow = list[dict[str, Any]]
"""Questions in order: {id, ask, help, answers, unsure}; an answer is {say, words, situations, go, target, note}."""

WAYS = {"办": "done", "问人": "human", "不用办": "stop"}
UNSURE = "不清楚"
GENERAL = "一般情况"
"""Cited where no situation of the item applies: the item's own list as it stands."""
PARTS = ("词", "情形", "去", "说")
PLUS = " + "


def parse(text: str) -> tuple[Flow, list[tuple[int, str]]]:
    """(flow, faults as (line, sentence)). Where there are faults, the flow is what could be understood."""
    flow: Flow = []
    faults: list[tuple[int, str]] = []
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if not line.startswith("-"):
            fault = _question(line, flow)
        elif not flow:
            fault = "回答前面要先写一个问题"
        else:
            fault = _line(line[1:].strip(), flow[-1])
        if fault:
            faults.append((number, fault))
    for position, question in enumerate(flow):
        after = flow[position + 1]["id"] if position + 1 < len(flow) else ""
        _lead_on(question, after)
    return flow, faults


def _question(line: str, flow: Flow) -> str:
    match = re.fullmatch(r"(\S+)[ 　]+(.+?)[:：]", line)
    if match is None:
        return "问题应写成“短名 问题？:”，例如“原因 这次为什么办？:”；回答要以“- ”开头"
    if match[1] in WAYS or match[1] == "事项":
        return f"短名不能用“{match[1]}”，它有别的意思"
    flow.append({"id": match[1], "ask": match[2], "help": "", "answers": [], "unsure": None})
    return ""


def _line(text: str, question: dict[str, Any]) -> str:
    if text.startswith("※"):
        question["help"] = text[1:].strip()
        return ""
    say, *parts = (part.strip() for part in re.split("[｜|]", text))
    answer: dict[str, Any] = {"say": say, "words": [], "situations": [], "go": "", "target": "", "note": ""}
    if not say:
        return "回答前面要写这个人会怎么说"
    if question["unsure"] is not None:
        return f"“{UNSURE}”要写在最后，只写一次"
    seen: set[str] = set()
    for part in parts:
        keyword, _, value = part.partition(" ")
        if keyword not in PARTS or not value.strip():
            return f"看不懂“{part}”：｜后面应是 {'、'.join(PARTS)} 之一，空一格再写内容"
        if keyword in seen:
            return f"“{keyword}”写了两次"
        seen.add(keyword)
        _part(answer, keyword, value.strip())
    if say == UNSURE:
        question["unsure"] = answer
    else:
        question["answers"].append(answer)
    return ""


def _part(answer: dict[str, Any], keyword: str, value: str) -> None:
    if keyword == "词":
        answer["words"] = [word.strip() for word in re.split("[、,，]", value) if word.strip()]
    elif keyword == "情形":
        answer["situations"] = [name.strip() for name in re.split(r" [+＋] ", value) if name.strip()]
    elif keyword == "说":
        answer["note"] = value
    elif value in WAYS:
        answer["go"] = WAYS[value]
    elif value.startswith("事项 "):
        answer["go"], answer["target"] = "item", value[3:].strip()
    else:
        answer["go"], answer["target"] = "question", value


def _lead_on(question: dict[str, Any], after: str) -> None:
    """Fill in where an answer leads that does not say it."""
    for answer in question["answers"]:
        if not answer["go"]:
            answer["go"], answer["target"] = ("question", after) if after else ("done", "")
    if question["unsure"] is not None and not question["unsure"]["go"]:
        question["unsure"]["go"] = "human"


def write(flow: Flow) -> str:
    """The text of a flow; `parse(write(flow))` is the flow again."""
    lines: list[str] = []
    for position, question in enumerate(flow):
        after = flow[position + 1]["id"] if position + 1 < len(flow) else ""
        lines.append(f"{question['id']} {question['ask']}:")
        if question["help"]:
            lines.append(f"- ※ {question['help']}")
        lines += [_written(answer, ("question", after) if after else ("done", "")) for answer in question["answers"]]
        if question["unsure"]:
            lines.append(_written(question["unsure"], ("human", "")))
        lines.append("")
    return "\n".join(lines)


def way(answer: dict[str, Any]) -> str:
    """Where an answer leads, in the words of the written form."""
    if answer["go"] in ("question", "item"):
        return ("事项 " if answer["go"] == "item" else "") + str(answer["target"])
    return next(word for word, go in WAYS.items() if go == answer["go"])


def _written(answer: dict[str, Any], usual: tuple[str, str]) -> str:
    parts = [f"- {answer['say']}"]
    if answer["words"]:
        parts.append(f"词 {'、'.join(answer['words'])}")
    if answer["situations"]:
        parts.append(f"情形 {PLUS.join(answer['situations'])}")
    if (answer["go"], answer["target"]) != usual:
        parts.append(f"去 {way(answer)}")
    if answer["note"]:
        parts.append(f"说 {answer['note']}")
    return " ｜".join(parts)
