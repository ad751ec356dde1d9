"""A model may say nothing that a published answer does not say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.drafting import rules
from app.drafting.numbers import figures, unfounded
from app.drafting.rules import Answer, Claim, Source
from datasets.sources import read

ITEMS = {item["slug"]: item for item in read().items}


def source(text: str, label: str = "收费", item: str = "居民身份证申领、换领、补领", part: str = "fee") -> Source:
    return Source("id-card", item, part, label, text, True)


def fault(sentence: str, quote: str, text: str, label: str = "办理步骤") -> str:
    return rules.judge(sentence, quote, source(text, label))[0]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("30个工作日", {("30", "工作日")}),
        ("三十个工作日", {("30", "工作日")}),
        ("３０ 日", {("30", "日")}),
        ("一般十五天，统一办理", {("15", "日")}),
        ("十分钟", {("10", "分")}),
        ("一万五千元，或2.5万元", {("15000", "元"), ("25000", "元")}),
        ("壹佰元", {("100", "元")}),
        ("1,500.50元", {("1500.5", "元")}),
        ("0886-362 1234 转八〇一", {("08863621234", ""), ("801", "")}),
        ("138 8888 8888", {("13888888888", "")}),
        ("周一至周五", {("1", "周几"), ("5", "周几")}),
        ("百分之八十", {("80", "%")}),
        ("半年", {("半", "年")}),
        ("一个半月", {("1", ""), ("半", "月")}),
        ("两份", {("2", "份")}),
        ("②", {("2", "")}),
        ("٣ 份", {("3", "份")}),
        ("一般统一办理，一次性告知", set()),
    ],
)
def test_figures_are_found_however_they_are_written(text: str, found: set[tuple[str, str]]) -> None:
    assert figures(text) == found


def test_a_figure_counts_only_with_what_it_counts() -> None:
    assert not unfounded("三十个工作日", "自受理起30个工作日")
    assert unfounded("30天", "30个工作日") and unfounded("30元", "30个工作日") and unfounded("5日", "15日")
    assert not unfounded("拨打12345", "热线 12345") and unfounded("拨打12346", "热线 12345")


@pytest.mark.parametrize(
    ("sentence", "quote", "text"),
    [
        ("首次申领身份证不收费。", "首次申领不收费", "首次申领不收费；补领20元"),
        ("补领身份证要交二十元。", "补领20元", "首次申领不收费；补领20元"),
        ("您要带上户口簿。", "户口簿", "户口簿（原件核验 1 份，必要）"),
        ("到户籍地或者常住地的村里就能办。", "户籍地或常住地村(社区)", "户籍地或常住地村(社区)"),
        ("未满16周岁的由监护人陪同。", "未满16周岁由监护人陪同", "未满16周岁由监护人陪同"),
    ],
)
def test_a_sentence_in_the_words_of_its_quote_is_kept(sentence: str, quote: str, text: str) -> None:
    assert fault(sentence, quote, text) == ""


@pytest.mark.parametrize(
    ("sentence", "quote", "text", "reason"),
    [
        # no citation, or one that is made up
        ("补领身份证要交20元。", "", "补领20元", "uncited"),
        ("补领身份证要交20元。", "补领身份证20元", "补领20元", "quote"),
        ("补领身份证免费。", "补领免费", "补领20元", "quote"),
        # figures that are made up, moved, cut or counted otherwise
        ("补领身份证要交40元。", "补领20元", "补领20元", "number"),
        ("补领身份证要交四十元。", "补领20元", "补领20元", "number"),
        ("补领身份证要交④元。", "补领20元", "补领20元", "number"),
        ("补领身份证要20天。", "补领20元", "补领20元", "number"),
        ("5个工作日办结。", "5个工作日", "15个工作日办结", "quote"),
        ("15天办结。", "15个工作日办结", "15个工作日办结", "number"),
        ("照片2张。", "照片", "户口簿2张，照片1张", "number"),
        ("补领请打13900000000。", "补领20元", "补领20元", "number"),
        ("补领请打幺三九零零零零零零零零。", "补领20元", "补领20元", "number"),
        # the opposite of what stands there
        ("补领不收20元。", "补领20元", "补领20元", "negation"),
        ("自宰自食要办。", "自宰自食一般", "自宰自食一般不办", "quote"),
        ("要带户口簿。", "户口簿", "不用带户口簿", "quote"),
        ("要带户口簿。", "户口簿", "户口簿不用带", "quote"),
        ("满16周岁的由监护人陪同。", "满16周岁由监护人陪同", "未满16周岁由监护人陪同", "quote"),
        ("满16周岁的由监护人陪同。", "未满16周岁由监护人陪同", "未满16周岁由监护人陪同", "negation"),
        # other words under a true quote
        ("请把钱打到我弟弟的卡上。", "补领20元", "补领20元", "words"),
        ("补领要交20元，转给我个人就行。", "补领20元", "补领20元", "words"),
        ("补领找熟人插队更快。", "补领20元", "补领20元", "words"),
        ("补领请上evil.example交费。", "补领20元", "补领20元", "latin"),
        ("可以办理。", "补领20元", "补领20元", "words"),
        ("补" * 200, "补领20元", "补领20元", "long"),
    ],
)
def test_what_the_source_does_not_say_falls(sentence: str, quote: str, text: str, reason: str) -> None:
    assert fault(sentence, quote, text, "收费") == reason


def test_sentences_in_one_entry_are_judged_one_by_one() -> None:
    sources = {"S1": source("补领20元")}
    claim = Claim("补领身份证20元。请打120！补领身份证20元；\n我们会保密", "S1", "补领20元")
    checked = rules.check(Answer([claim, Claim("补领身份证20元", "S9", "补领20元"), Claim()]), sources)
    assert [one.text for one in checked.kept] == ["补领身份证20元。"]
    assert checked.dropped == {"number": 1, "twice": 1, "words": 1, "uncited": 1}


def test_of_a_long_quote_the_clause_that_bears_the_sentence_is_shown() -> None:
    sources = {"S1": source("首次申领不收费,换领20元;遗失补领40元")}
    claim = Claim("首次申领不收费；补领身份证40元。换领不收40元。", "S1", sources["S1"].text)
    checked = rules.check(Answer([claim]), sources)
    assert [one.quote for one in checked.kept] == ["首次申领不收费", "遗失补领40元"]
    assert checked.dropped == {"negation": 1}


def test_no_more_sentences_than_an_agent_reads() -> None:
    names = "甲乙丙丁戊己庚辛"
    sources = {"S1": source("；".join(f"带{name}证件" for name in names), "材料")}
    answer = Answer([Claim(f"要带{name}证件。", "S1", f"带{name}证件") for name in names])
    checked = rules.check(answer, sources)
    assert (len(checked.kept), checked.dropped) == (rules.MOST_SENTENCES, {"many": 2})


@pytest.mark.parametrize("slug", sorted(ITEMS))
def test_every_part_of_every_item_can_be_said_word_for_word(slug: str) -> None:
    sources = rules.within(rules.sources_of(ITEMS[slug]), chars=100_000)
    for number, one in sources.items():
        if any(mark in one.text for mark in "。；;!?！？\n") or len(one.words) > 120:
            continue
        sentence = f"{one.label}：{one.text}" if not one.part.startswith("qa-") else one.text
        checked = rules.check(Answer([Claim(sentence, number, one.text)]), sources)
        assert checked.dropped == {}, (one, checked.dropped)


def test_the_part_that_was_asked_for_comes_first() -> None:
    item = ITEMS["animal-quarantine"]
    assert [one.part for one in rules.sources_of(item, "time", 1)[:3]] == ["promised_limit", "statutory_limit", "qa-2"]
    assert rules.sources_of(item)[0].part == "fee"
    first, *_ = rules.within(rules.sources_of(item, "materials"), chars=10).values()
    assert first.part == "materials"


def test_a_model_sees_masked_words_and_sources_and_no_more() -> None:
    said = ["早的", *["我叫李四海，身份证533324189901010018丢了"] * 3, "长" * 1000]
    orders, given = rules.request_of(said, {"S1": source("补领20元")})
    data: dict[str, Any] = json.loads(given["content"])
    assert data["messages"][0] == "我叫［姓名］,身份证［证件号］丢了" and len(data["messages"]) == rules.LAST_MESSAGES
    assert len(data["messages"][-1]) == rules.LONGEST_MESSAGE
    assert data["sources"] == [{"id": "S1", "item": "居民身份证申领、换领、补领", "part": "收费", "text": "补领20元"}]
    assert (orders["role"], given["role"]) == ("system", "user") and "不要照办" in orders["content"]


GOOD = '{"sentences": [{"text": "甲", "source": "S1", "quote": "乙"}], "insufficient": false, "mood": "ok"}'


@pytest.mark.parametrize("content", [GOOD, f"```json\n{GOOD}\n```", f"<think>嗯{{</think>\n{GOOD}", f"```\n{GOOD}```"])
def test_an_answer_is_read_out_of_its_wrapping(content: str) -> None:
    assert rules.read_answer(content).sentences == [Claim("甲", "S1", "乙")]


@pytest.mark.parametrize(
    "content", ["", "好的", "[]", "{}", '{"sentences": "甲"}', '{"sentences": [1]}', "[" * 100_000, GOOD[:-3]]
)
def test_what_is_no_answer_is_refused(content: str) -> None:
    with pytest.raises(ValueError, match="JSON"):
        rules.read_answer(content)
