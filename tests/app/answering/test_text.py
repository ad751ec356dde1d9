"""Reading a question: the same words as jieba, nothing that depends on a library's tables, and no text that breaks it."""

from __future__ import annotations

import csv

import jieba
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.answering import model, rules, text
from app.answering.index import SPEC
from datasets.sources import FOLDER
from tests.app.answering import vectors

LEXICON = vectors.lexicon()
KNOWN = LEXICON.syllables


@pytest.fixture(scope="module")
def witness(tmp_path_factory: pytest.TempPathFactory) -> jieba.Tokenizer:
    """jieba over the same dictionary."""
    path = tmp_path_factory.mktemp("jieba") / "dict.txt"
    with (FOLDER / "words" / "words.csv").open(encoding="utf-8", newline="") as file:
        path.write_text("".join(f"{row['word']} {row['freq']}\n" for row in csv.DictReader(file)), "utf-8")
    return jieba.Tokenizer(str(path))


def test_words_are_those_of_jieba_without_its_guessing(witness: jieba.Tokenizer) -> None:
    asked = [row["query"] for row in vectors.dev()] + vectors.odd_texts(2000)
    han = [run for one in asked for kind, run in text.runs(text.normalise(one, LEXICON.chars)) if kind == "han"]
    assert len(han) > 2000
    for run in han:
        assert text.segment(run, LEXICON) == list(witness.cut(run, HMM=False)), run


@given(st.text(max_size=700))
def test_a_text_read_once_is_read_for_good(one: str) -> None:
    once = text.normalise(one, LEXICON.chars)
    assert text.normalise(once, LEXICON.chars) == once
    assert len(once) <= text.LONGEST
    once.encode()  # no half surrogates
    assert "  " not in once


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("ＩＤ　卡", "id 卡"),
        ("身份證遺失", "身份证遗失"),
        ("\u200b低\u200d保\ufeff", "低保"),
        (" 低\t\n保 ", "低 保"),
        ("İΣ", "İΣ"),
        ("ꓡꓲꓢꓴ", "ꓡꓲꓢꓴ"),
        ("低\ud800保", "低保"),
        ("低" * 900, "低" * 500),
    ],
)
def test_normalise(said: str, read: str) -> None:
    assert text.normalise(said, LEXICON.chars) == read


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("身份证", [["sen", "fen", "zen"]]),
        ("shenfenzheng", [["sen", "fen", "zen"]]),
        ("办shen fen正", [["ban", "sen", "fen", "zen"]]),
        ("xian", [["xian"]]),
        ("qq", []),
        ("老龄", [["nao", "nin"]]),
    ],
)
def test_what_is_typed_by_sound_is_heard_like_what_is_written(said: str, heard: list[list[str]]) -> None:
    assert text.sounds(said, LEXICON, KNOWN) == heard


@given(
    st.dictionaries(st.text("低保咋个办", min_size=1, max_size=3), st.text("甲乙", max_size=3), max_size=5),
    st.text("低保咋个办x", max_size=12),
)
def test_rewriting_takes_the_longest_word_and_never_rewrites_twice(table: dict[str, str], said: str) -> None:
    out = text.rewrite(said, table)
    assert not set(out) - set(said) - set("甲乙")
    if not any(word in said for word in table):
        assert out == said


@given(st.text(max_size=80))
def test_words_of_a_text_are_all_in_its_tokens_and_features(one: str) -> None:
    plain = text.normalise(one, {})
    han = {char for char in plain if text.is_han(char)}
    assert han == {token for token in rules.tokens(plain) if len(token) == 1 and text.is_han(token)}
    assert {"c" + char for char in han} <= set(model.features(plain, LEXICON, KNOWN))


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("不是要交养老保险，是要领养老金", " 要领养老金"),
        ("不是办结婚，是补结婚证", " 补结婚证"),
        ("不是护照，边民过去用的那种", " 边民过去用的那种"),
        ("不是低保是临时救助", " 临时救助"),
        ("是不是要交钱", "是不是要交钱"),
        ("不是", "不是"),
        ("身份证不要了是不是要注销", "身份证不要了是不是要注销"),
    ],
)
def test_what_is_not_wanted_is_left_out(said: str, meant: str) -> None:
    assert rules.meant(text.normalise(said, {}), SPEC) == meant


@pytest.mark.parametrize(
    ("said", "part"),
    [
        ("低保要带哪些材料", "materials"),
        ("补身份证多少钱", "fee"),
        ("去哪点办", "place"),
        ("要多久", "time"),
        ("低保", ""),
    ],
)
def test_the_part_asked_for(said: str, part: str) -> None:
    assert rules.part_of(said, SPEC) == part
