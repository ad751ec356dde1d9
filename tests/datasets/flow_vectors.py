"""What the twins of guiding are held to: whole flows, walks through them, and words that choose an answer.

`python -m tests.datasets.flow_vectors` writes tests/vectors/flows.json anew; needed when the flows or the rules change.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import segno

from datasets.guiding import personal_list, plain, preselect, purpose, remaining, walk
from datasets.rows import Document
from datasets.sources import read

VECTORS = Path(__file__).parents[1] / "vectors" / "flows.json"
ITEMS = (
    "id-card", "dibao", "forest-cutting", "orphan-aid", "medical-manual-reimburse", "food-operation", "yulu-plan",
    "household-move", "newborn-medical-enroll", "residence-permit",
)  # fmt: skip
TEXTS = {
    "id-card": [
        "身份证丢了", "我身份证没丢，是到期了", "娃娃 第一次 办 身份证", "老人走不动，身份证过期了", "身份证", "", "丢了又到期",
        "身份证不見了", "身份证掉了　小孩", "没有丢没有到期",
    ],
    "forest-cutting": ["房前屋后砍几棵树", "保护区", "山上的松树被火烧死了", "ＸＹＺ竹子"],
    "yulu-plan": ["娃娃在浙江读中职，在实习", "读高职", "高中和高职"],
    "dibao": ["城镇户口怎么吃低保", "不是重病", "退出低保又困难"],
}  # fmt: skip
WALKS = 12
QR = (14, 26, 42, 62, 84, 106, 122, 152, 180, 213)
"""Bytes that fill versions 1 to 10: segno pads one codeword otherwise than ISO/IEC 18004 §7.4.10 says."""


def cases() -> dict[str, Any]:
    """Everything that the file holds."""
    sources = read()
    chance = random.Random(20261124)
    documents = {document["slug"]: document for document in sources.items}
    return {
        "items": [_item(documents[slug], chance) for slug in ITEMS],
        "plain": [{"text": text, "plain": plain(text)} for text in ("ＡＢ c　身 份证", "ⅢⅫ㎏", "\t李\n", "İ")],
        "qr": [
            {"text": text, "mask": mask % 8, "rows": ["".join(map(str, row)) for row in _qr(text, mask).matrix]}
            for mask, text in enumerate(("https://jjb.example/?" * 20)[:size] for size in QR)
        ],
        "purposes": sources.purposes,
        "purpose": [
            {"name": name, "why": purpose(name, sources.purposes)}
            for name in (
                "居民身份证",
                "监护人身份证",
                "诊断或残疾人证",
                "没有说过的东西",
                "近期手持身份证或当日报纸照片",
            )
        ],
    }


def _qr(text: str, mask: int) -> segno.QRCode:
    return segno.make(text, error="m", mode="byte", mask=mask % 8, boost_error=False, micro=False)


def _item(document: Document, chance: random.Random) -> dict[str, Any]:
    flow = document["flow"]
    return {
        "slug": document["slug"],
        "materials": document["materials"],
        "situations": document["situations"],
        "flow": flow,
        "remaining": [remaining(flow, at) for at in range(len(flow) + 1)],
        "preselect": [
            {"text": text, "found": [[q, a] for q, a in preselect(flow, text).items()]}
            for text in TEXTS.get(document["slug"], ["丢了"])
        ],
        "walks": [_walk(document, picks) for picks in _all_picks(document, chance)],
    }


def _all_picks(document: Document, chance: random.Random) -> list[list[tuple[int, int]]]:
    """Ways to an end by chance, and ways that no longer fit: cut short, too long, another question, no such answer."""
    flow = document["flow"]
    found: list[list[tuple[int, int]]] = [[], [(2, 1)], [(1, 99)], [(1, -1)]]
    for _ in range(WALKS):
        picks: list[tuple[int, int]] = []
        while not (state := walk(flow, picks)).end:
            picks.append((state.at, chance.randint(0, len(flow[state.at - 1]["answers"]))))
        found += [picks, picks[:-1], [*picks, (1, 1)], [*picks[:1], (9, 1)]]
    return found


def _walk(document: Document, picks: list[tuple[int, int]]) -> dict[str, Any]:
    state = walk(document["flow"], picks)
    listed = personal_list(document, state.situations)
    return {
        "picks": [list(pick) for pick in picks],
        "steps": [list(step) for step in state.steps],
        "situations": state.situations,
        "notes": state.notes,
        "at": state.at,
        "end": state.end,
        "target": state.target,
        "bring": [[material["name"], material["reasons"]] for material in listed["bring"]],
        "spared": [[one["name"], one["because"]] for one in listed["spared"]],
    }


if __name__ == "__main__":
    VECTORS.write_text(json.dumps(cases(), ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
