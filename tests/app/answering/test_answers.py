"""Equal releases give equal answers at the centre and in the village; and they are the right ones."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from app.answering import evaluation, index
from datasets.build import SCHEMA
from sync.content import content_root
from tests.app.answering import vectors
from tests.conftest import LogIn

HOW = "run: python -m tests.app.answering.vectors"
DECISIONS = ("answer", "clarify", "redirect", "refuse", "handoff")


@pytest.fixture(scope="module")
def kept() -> Iterator[index.Asker]:
    """The catalogue and lingua of the committed packs."""
    with vectors.kept() as asker:
        yield asker


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> index.Asker:
    """The catalogue of today with lingua trained on it."""
    knowledge, lingua = vectors.releases(tmp_path_factory.mktemp("answers"))
    return index.Asker(apsw.Connection(str(knowledge)), apsw.Connection(str(lingua)))


def test_the_vectors_are_those_of_the_rules_of_today(kept: index.Asker) -> None:
    assert json.loads((vectors.VECTORS / "answering.json").read_text("utf-8")) == _plain(vectors.rule_vectors()), HOW
    answers = json.loads((vectors.VECTORS / "answers.json").read_text("utf-8"))["answers"]
    assert answers == _plain([{"text": one["text"], "out": kept.ask(one["text"]).to_wire()} for one in answers]), HOW


def test_a_device_comes_to_the_same_hash_of_two_hundred_answers(kept: index.Asker) -> None:
    wanted = json.loads((vectors.VECTORS / "answers.json").read_text("utf-8"))["check"]
    assert _plain(vectors.check(kept)) == wanted, HOW
    assert len(set(wanted["questions"])) == len(wanted["questions"]) == 200
    assert wanted["questions"] == sorted(wanted["questions"])


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value))


def test_the_knowledge_of_the_vectors_is_the_catalogue_of_today(fresh: index.Asker) -> None:
    roots = json.loads((vectors.VECTORS / "answers.json").read_text("utf-8"))["roots"]
    assert content_root(fresh.knowledge, SCHEMA)[0] == roots["knowledge"], HOW


def test_training_twice_gives_the_same_words(tmp_path: Path, fresh: index.Asker) -> None:
    _, again = vectors.releases(tmp_path)
    assert fresh.lingua is not None
    schema = vectors.training.SCHEMA
    assert content_root(apsw.Connection(str(again)), schema) == content_root(fresh.lingua, schema)


def test_the_dev_questions_are_answered_right(fresh: index.Asker) -> None:
    asked = evaluation.run(fresh.ask, evaluation.questions(vectors.FOLDER / "questions" / "dev.csv"))
    found = evaluation.figures(asked)
    assert found["single"]["top1"] >= 0.88, found
    assert found["single"]["top3"] >= 0.97, found
    assert found["one_tap"] >= 0.96, found
    assert found["direct"]["precision"] >= 0.96, found
    assert found["direct"]["coverage"] >= 0.70, found
    assert found["ambiguous"]["ok"] >= 0.90, found
    assert found["multi"]["both_in_top3"] >= 0.80, found
    assert found["out_of_scope"]["answered_wrongly"] <= 0.04, found
    assert found["private"]["refused"] >= 0.95, found
    assert found["emergency"]["redirected"] == 1.0, found


@pytest.mark.parametrize(
    ("said", "decision", "first"),
    [
        ("身份证掉了咋个办", "answer", "id-card"),
        ("shenfenzheng diule", "answer", "id-card"),
        ("隔壁家低保领了多少", "refuse", None),
        ("家里着火了快点", "redirect", None),
        ("银行卡密码忘了", "redirect", None),
        ("", "handoff", None),
        ("😀", "handoff", None),
    ],
)
def test_decisions(fresh: index.Asker, said: str, decision: str, first: str | None) -> None:
    found = fresh.ask(said)
    assert found.decision == decision, found
    assert first is None or found.hits[0].slug == first
    assert bool(found.advice) == (decision in ("redirect", "refuse"))


def test_two_needs_in_one_sentence_show_both(fresh: index.Asker) -> None:
    found = fresh.ask("给刚生的娃娃上户口，还有老人社保卡丢了要补")
    assert [hit.slug for hit in found.hits[:2]] == ["birth-registration", "social-card"]
    assert (found.decision, found.needs) == ("clarify", 2)


def test_without_lingua_items_are_still_found(fresh: index.Asker) -> None:
    plain = index.Asker(fresh.knowledge, None)
    rows = [row for row in evaluation.questions(vectors.FOLDER / "questions" / "dev.csv") if row.kind == "single"]
    shown = evaluation.ranking(evaluation.run(plain.ask, rows))
    assert shown["top3"] >= 0.6, shown
    assert plain.ask("今天天气怎么样").decision != "answer"


def changed(fresh: index.Asker) -> apsw.Connection:
    """A copy of the searchable catalogue that a test may change."""
    copy = apsw.Connection(":memory:")
    with copy.backup("main", fresh.knowledge, "main") as backup:
        backup.step()
    return copy


def test_a_document_changed_or_deleted_leaves_no_trace_in_the_search(fresh: index.Asker) -> None:
    copy = changed(fresh)
    with copy:
        copy.execute("UPDATE item SET name = '火星移民登记' WHERE slug = 'temp-id-card'")
        copy.execute("DELETE FROM item_alias WHERE item = 'temp-id-card'")
        for table in ("item_alias", "item_phrasing", "item_condition", "material", "situation", "qa"):
            copy.execute(f"DELETE FROM {table} WHERE item = 'resident-pension-claim'")
        copy.execute("DELETE FROM item WHERE slug = 'resident-pension-claim'")
        assert index.refresh(copy) == 2
    asker = index.Asker(copy, fresh.lingua)
    assert asker.ask("火星移民登记").hits[0].slug == "temp-id-card"
    for row in vectors.dev():
        assert all(hit.slug != "resident-pension-claim" for hit in asker.ask(row["query"]).hits)


def test_an_item_newer_than_lingua_is_found_by_its_name(fresh: index.Asker) -> None:
    copy = changed(fresh)
    with copy:
        copy.execute("INSERT INTO item SELECT 'kite-permit', 'x', NULL, NULL, '风筝放飞登记', domain, department, task_type, "
                     "project_type, levels, applicants, statutory_limit, promised_limit, promised_limit_status, fee, place, "
                     "result, cross_region, site_visits, site_visits_reason, verify, verified_on FROM item LIMIT 1")  # fmt: skip
        index.refresh(copy)
    assert index.Asker(copy, fresh.lingua).ask("风筝放飞登记怎么办").hits[0].slug == "kite-permit"


@given(st.text(max_size=600))
def test_no_text_makes_asking_fail(said: str) -> None:
    found = _shared().ask(said)
    assert found.decision in DECISIONS
    assert len(found.hits) <= index.SPEC["shown"]
    assert (found.decision in ("answer", "clarify")) <= bool(found.hits)


_held: list[index.Asker] = []


def _shared() -> index.Asker:
    """One catalogue for all examples."""
    if not _held:
        knowledge, lingua = vectors.releases(Path(tempfile.mkdtemp()))
        _held.append(index.Asker(apsw.Connection(str(knowledge)), apsw.Connection(str(lingua))))
    return _held[0]


def test_the_centre_answers_over_http_with_names_and_both_releases(log_in: LogIn) -> None:
    agent = log_in("agent1")
    reply = agent.get("/api/ask?q=身份证丢了咋个办").json
    assert (reply["release"], reply["lingua"], reply["decision"]) == (1, 1, "answer")
    assert reply["hits"][0]["name"]
    assert set(reply["hits"][0]) == {"slug", "name", "department", "score", "matched", "phrase", "answer"}
    assert agent.get("/api/ask").json["decision"] == "handoff"
    assert agent.get("/api/ask?q=" + "低" * 3000).status_code == 200


def test_only_people_who_are_logged_in_ask_the_centre(client: FlaskClient) -> None:
    assert client.get("/api/ask?q=低保").status_code in (302, 401)
    assert client.get("/api/release").json["release"] == 1


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("query,expected,kind\nx,y,single\n", "第 1 行"),
        ("query,expected,kind,style\nx,y,wrong,a\n", "第 2 行"),
        ("query,expected,kind,style\n", "没有问题"),
    ],
)
def test_a_file_of_questions_that_is_wrong_is_refused_with_its_line(tmp_path: Path, content: str, fault: str) -> None:
    path = tmp_path / "q.csv"
    path.write_text(content, "utf-8")
    with pytest.raises(evaluation.QuestionsError, match=fault):
        evaluation.questions(path)
    path.write_bytes("query,expected,kind,style\n身份证,,single,a\n".encode("gbk"))
    with pytest.raises(evaluation.QuestionsError, match="UTF-8"):
        evaluation.questions(path)


def test_every_expected_item_of_the_dev_questions_exists(fresh: index.Asker) -> None:
    for path in sorted((vectors.FOLDER / "questions").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                assert set(row["expected"].split("|")) - {""} <= fresh.items, row
