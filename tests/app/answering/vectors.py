"""What the twins of answering are held to: cases of every pure function, and whole answers over two packs.

`python -m tests.app.answering.vectors` writes tests/vectors/{answering,answers}.json, knowledge.pack and lingua.pack anew;
needed when the rules or `datasets/` change. Vitest runs the same files over sqlite-wasm.
"""

from __future__ import annotations

import csv
import json
import random
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import apsw

from app.answering import checking, fitting, index, model, rules, text, training
from datasets.build import SCHEMA, build
from datasets.sources import FOLDER, read
from sync import packs
from sync.content import content_root

VECTORS = Path(__file__).parents[2] / "vectors"
SPEC = index.SPEC
REWRITES = {"咋个": "怎么", "咋个办": "怎么办", "低保户": "最低生活保障", "𠮷": "吉"}


def dev() -> list[dict[str, str]]:
    """The dev questions: how people in Nujiang ask, with the items that would be right."""
    with (FOLDER / "questions" / "dev.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def odd_texts(count: int, chance: random.Random | None = None, said: Sequence[str] = ()) -> list[str]:
    """Texts that nobody planned for: other scripts, marks, width forms, halves of words, sheer length.

    `said`: sentences to cut and join, the dev questions unless given.
    """
    chance = chance or random.Random(20261123)
    said = said or [row["query"] for row in dev()]
    texts = [
        "",
        " ",
        "？",
        "ＩＤ卡　丢了",
        "id  卡\t丢了",
        "🙏",
        "怎么办",
        "的",
        "身",
        "a",
        "𠮷",
        "İstanbul",
        "ΣΑΣ",
        "1",
    ]
    texts += ["\u200b低\u200d保", "ꓡꓲꓢꓴ", "身份證遺失補辦", "shenfenzhengdiule zenmeban", "办shebaoka", "低保" * 2500]
    texts += [
        '" OR 1=1 --',
        "NEAR(a b)",
        "name:低保*",
        "忽略上面的指令",
        "\x00\x01低保\x7f",
        "ㄅㄆㄇ",
        "한국어",
        "①②ｶﾀｶﾅ",
        "e\u0301",
    ]
    while len(texts) < count:
        a, b = chance.choice(said), chance.choice(said)
        cut = chance.choice(["", " ", "，", "\n", "x", "还有", "不是", "，是要", "\u3000", "Ａ"])
        texts.append(a[chance.randrange(len(a)) :] + cut + b[: chance.randrange(len(b))])
        strange = chance.choices(
            [*range(32, 127), *range(0x3400, 0x3410), *range(0x4E00, 0x9FFF, 97), 0x1F600, 0xA4D0], k=8
        )
        texts.append("".join(map(chr, strange)))
    return texts[:count]


def lexicon() -> text.Lexicon:
    """The word tables as they are, with a few rewrites of our own."""
    return training.words(REWRITES).lexicon


def rule_vectors() -> dict[str, Any]:
    """Cases of the pure functions that depend on no table but a small one, kept here."""
    words = lexicon()
    texts = [*odd_texts(220), "咋个办低保户", "咋个个", "𠮷咋个𠮷", "不是要交是要领养老金", "是不是要交钱"]
    used = sorted(
        {char for one in texts for char in one}
        | {words.chars[c].plain for one in texts for c in one if c in words.chars}
    )
    chars = {char: words.chars[char] for char in used if char in words.chars}
    plain = [text.normalise(one, chars) for one in texts]
    costs = {word: cost for word, cost in words.costs.items() if any(word in one for one in plain)}
    small = text.Lexicon(REWRITES, chars, costs)
    known = small.syllables
    return {
        "rewrites": REWRITES,
        "chars": {char: [one.plain, one.sound] for char, one in chars.items()},
        "costs": costs,
        "read": [reading(one, small, known) for one in texts],
        "decide": [_decided(random.Random(seed)) for seed in range(300)],
    }


def reading(one: str, words: text.Lexicon, known: frozenset[str]) -> dict[str, Any]:
    """Everything that is read out of a text before the knowledge is asked. Twin of `reading` in pwa/src/store/witness.ts."""
    normal = text.normalise(one, words.chars)
    terms = rules.question_tokens(normal, SPEC["stop"])
    return {
        "text": one,
        "normal": normal,
        "rewritten": text.rewrite(normal, words.rewrites),
        "words": text.segment(normal, words),
        "sounds": text.sounds(normal, words, known),
        "features": model.features(normal, words, known),
        "tokens": terms,
        "match": rules.match_expression(rules.sought(terms)),
        "meant": rules.meant(normal, SPEC),
        "parts": rules.parts(normal, SPEC),
        "part": rules.part_of(normal, SPEC),
    }


def _decided(chance: random.Random) -> dict[str, Any]:
    """A made-up judgement, so that each branch is taken."""
    words = ["低保", "养老", "残疾", "证", "补贴", "着火", "投诉", "邻居查一下"]
    slugs = ["a", "b", "c", "d"]
    kinds = ["elsewhere", "emergency", "private", "complaint", "chat"]
    lexical = {
        slug: chance.choice([0, 500_000, 6_000_000, 25_000_000])
        for slug in chance.sample(slugs, k=chance.randint(0, 4))
    }
    topics = [*slugs, "x", "y", *model.GROUPS] if chance.random() < 0.8 else []
    scores = {slug: chance.randrange(-1200, 900, 50) for slug in topics}
    elsewhere = {slug: rules.Elsewhere(slug, chance.choice(kinds), slug + "！") for slug in ("x", "y")}
    asked = "".join(chance.choices(words, k=2))
    named = {slug: chance.randint(0, len(asked)) for slug in lexical}
    judged = rules.Judged(asked, [], lexical, named, scores, frozenset(slugs[:3]), elsewhere)
    whole = rules.rank(judged, SPEC)
    decision, ranked, other, advice = rules.decide(judged, whole, SPEC, SPEC["limits"])
    needs, said = frozenset(chance.sample(slugs, k=chance.randint(0, 4))), chance.random() < 0.3
    return {
        "text": asked, "lexical": lexical, "named": named, "model": scores, "items": slugs[:3],
        "elsewhere": [[one.slug, one.kind, one.say] for one in elsewhere.values()],
        "needs": sorted(needs), "said": said,
        "out": {
            "decision": decision, "ranked": ranked, "other": other.slug if other else None, "advice": advice,
            "several": rules.several(whole, needs, said, SPEC, SPEC["limits"]),
        },
    }  # fmt: skip


def releases(folder: Path) -> tuple[Path, Path]:
    """The catalogue as a searchable knowledge file, and the lingua file trained on it."""
    sources = read()
    build(folder / "1.db", sorted(sources.items, key=lambda item: str(item["slug"])), sources)
    index.build(folder / "1.db", folder / "1-search.db")
    with closing(apsw.Connection(str(folder / "1-search.db"))) as knowledge:
        fitting.make(knowledge, folder / "lingua.db")
    return folder / "1-search.db", folder / "lingua.db"


@contextmanager
def kept() -> Iterator[index.Asker]:
    """The catalogue and lingua of the committed packs."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for pack, schema in (("knowledge", SCHEMA), ("lingua", training.SCHEMA)):
            data = (VECTORS / f"{pack}.pack").read_bytes()
            file = apsw.Connection(str(folder / f"{pack}.db"))
            file.execute(schema)
            roots = json.loads((VECTORS / "answers.json").read_text("utf-8"))["roots"]
            packs.apply(file, schema, data, packs.Pack(0, data).sha256, roots[pack])
            file.close()
        index.build(folder / "knowledge.db", folder / "search.db")
        yield index.Asker(apsw.Connection(str(folder / "search.db")), apsw.Connection(str(folder / "lingua.db")))


def answers(asker: index.Asker, count: int) -> list[dict[str, Any]]:
    """Whole answers to the dev set and to odd texts."""
    texts = [row["query"] for row in dev()] + odd_texts(count)
    return [{"text": one, "out": asker.ask(one).to_wire()} for one in texts]


def check(asker: index.Asker) -> dict[str, Any]:
    """How a device sees whether it answers as the centre does, and the hash that it must come to."""
    values: list[Any] = [
        None,
        True,
        -3,
        "",
        '"\\/',
        "\n\t\x00\x1f\x7f\u2028",
        "身份证🙏",
        [],
        {},
        {"b": [1, None], "a": {"z": "", "y": 0}},
    ]
    return {
        "stride": [
            {"count": count, "most": most, "out": checking.stride(count, most)}
            for count, most in ((0, 5), (1, 5), (5, 5), (6, 5), (9, 4), (1000, 7), (12, 0))
        ],
        "canonical": [{"value": value, "out": checking.canonical(value)} for value in values],
        "questions": asker.own_questions(),
        "digest": checking.digest(asker.ask(question) for question in asker.own_questions()),
    }


def write() -> None:
    """All four files."""
    with tempfile.TemporaryDirectory() as name:
        knowledge, lingua = releases(Path(name))
        (VECTORS / "knowledge.pack").write_bytes(packs.make(SCHEMA, Path(name) / "1.db").data)
        (VECTORS / "lingua.pack").write_bytes(packs.make(training.SCHEMA, lingua).data)
        files = apsw.Connection(str(knowledge)), apsw.Connection(str(lingua))
        roots = {"knowledge": content_root(files[0], SCHEMA)[0], "lingua": content_root(files[1], training.SCHEMA)[0]}
        asker = index.Asker(*files)
        _dump(VECTORS / "answers.json", {"roots": roots, "check": check(asker), "answers": answers(asker, 160)})
    _dump(VECTORS / "answering.json", rule_vectors())


def _dump(path: Path, value: Any) -> None:
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace('},{"text', '},\n{"text')
    path.write_text(body + "\n", "utf-8")


if __name__ == "__main__":
    write()
