"""资料库: editors keep long texts, staff find them by any way of writing, and what is wrong is said."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from docx import Document as WordFile
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import ledger
from app.db import db
from app.library import rules, store
from app.library.__main__ import main
from app.library.index import Filters, Shelf
from app.settings import Settings
from tests.app.accounts.pages import HTML, submit, token

LogIn = Callable[[str], FlaskClient]

RESCUE = "\n".join(
    [
        "怒江州临时救助实施细则",
        "第一条 因火灾、交通事故、突发重大疾病等原因，基本生活暂时出现严重困难的家庭，可以申请临时救助。",
        "第二条 急难型临时救助实行先行救助，由乡镇人民政府先行发放，事后补齐手续。",
        *[f"第{n}条 其他事项按照省、州有关规定执行，由民政部门负责解释第{n}款。" for n in range(3, 30)],
        "第三十条 <script>alert(1)</script> 泥石流受灾户的过渡安置，由应急部门会同乡镇办理。",
    ]
)


def fields(**change: str) -> dict[str, Any]:
    return {
        "title": "临时救助实施细则", "kind": "policy", "department": "民政局", "region": "533300000000",
        "dated": "2026-05-20", "source": "怒政办发〔2026〕1号", "body": RESCUE, "act": "save",
    } | change  # fmt: skip


def add(client: FlaskClient, **change: Any) -> TestResponse:
    return submit(client, "/library/add", **fields(**change))


def page(client: FlaskClient, path: str, **query: Any) -> str:
    reply = client.get(path, headers=HTML, query_string=query)
    assert reply.status_code == 200, reply.get_data(as_text=True)
    return reply.get_data(as_text=True)


def found(client: FlaskClient, q: str, **query: Any) -> list[str]:
    """Titles of the hits, in order."""
    text = page(client, "/library/", q=q, **query)
    return [re.sub("<.*?>", "", title) for title in re.findall(r"<h2><a [^>]*>(.*?)</a></h2>", text)]


def test_an_editor_adds_a_text_and_an_agent_finds_the_passage(log_in: LogIn, app: Flask) -> None:
    editor, agent = log_in("editor"), log_in("agent1")
    reply = add(editor)
    assert reply.status_code == 302
    address = reply.headers["Location"]
    # The passage that says it stands first, its words are marked, nothing of it is markup.
    text = page(agent, "/library/", q="泥石流 安置")
    assert "<mark>泥石流</mark>" in text and "<mark>安置</mark>" in text
    assert "&lt;script&gt;" in text and "<script>" not in text
    passage = re.search(rf'href="({address}\?q=[^"]+#p(\d+))"', text)
    assert passage and int(passage[2]) > 0
    read = page(agent, address, q="泥石流")
    assert f'id="p{passage[2]}"' in read and "<mark>泥石流</mark>" in read and "<script>" not in read
    # Items in force are found beside the texts; quoted words must stand side by side.
    assert "医疗救助" in found(agent, "医疗救助")
    assert found(agent, "“急难型临时救助”") == ["临时救助实施细则"]
    # What is typed in pinyin, by ear or with a wrong character is understood.
    for said, meant in (
        ("nishiliu", "泥石流"),
        ("linsijiuzhu", "临时救助"),
        ("linshijiuzu anzhi", "临时救助"),
        ("泥实流", "泥石流"),
    ):
        assert f"<strong>{meant}" in page(agent, "/library/", q=said)
    # What else is about the same stands below the text, and on the pages of the item.
    assert ">临时救助</a>" in page(agent, address).split("相似的资料和事项")[1]
    assert address in page(editor, "/knowledge/items/temp-aid") and address in page(
        editor, "/knowledge/items/temp-aid/edit"
    )
    # An agent reads; writing is the editors'.
    assert agent.get("/library/add", headers=HTML).status_code == 403
    assert "/edit" not in page(agent, address) and "/edit" in page(editor, address)
    with app.app_context(), db().read() as connection:
        (entry,) = ledger.read(connection, name="library.added")
    assert entry.body == {"title": "临时救助实施细则", "version": 1} and entry.subject in address


def test_filters_paging_and_emptiness(log_in: LogIn) -> None:
    editor = log_in("editor")
    assert "还没有资料" in page(editor, "/library/", kind="note")
    add(editor)
    other = "怒江州边境管理通知。" + "请各县市核对边民补助名单，按月报送。" * 20
    add(
        editor,
        title="边民补助核对通知",
        kind="note",
        department="财政局",
        region="533301000000",
        dated="2025-01-02",
        body=other,
    )
    assert found(editor, "", kind="note") == ["边民补助核对通知"]
    assert found(editor, "核对", department="财政局") == ["边民补助核对通知"]
    assert found(editor, "细则 通知", kind="policy") == ["临时救助实施细则"]
    assert found(editor, "", kind="policy", since="2026-01-01", until="2026-12-31") == ["临时救助实施细则"]
    assert found(editor, "", kind="policy", until="2026-05-19") == []
    # What holds in the prefecture holds in its counties; what is one county's does not hold in another.
    assert set(found(editor, "救助 核对 边民", region="533301000000")) >= {"临时救助实施细则", "边民补助核对通知"}
    assert "边民补助核对通知" not in found(editor, "边民补助核对通知", region="533324000000")
    assert len(found(editor, "")) == 10 and len(found(editor, "", page=8)) == 7
    assert "没有第 99 页" in page(editor, "/library/", page=99)
    assert editor.get("/library/?since=gestern", headers=HTML).status_code == 400
    assert "没有找到" in page(editor, "/library/", q="囧囧囧")


def test_no_question_is_an_error(log_in: LogIn) -> None:
    agent = log_in("agent1")
    for q in (
        "AND (",
        "NOT",
        "*",
        "?",
        '"',
        "“",
        "title:",
        "[a TO b]",
        "~2 ^3",
        "'; DROP TABLE",
        "\\",
        "ꓡꓲꓢꓴ",
        "😀",
        "x" * 300,
        "戶口",
    ):
        page(agent, "/library/", q=q, region=q, department=q, kind=q)
        page(agent, "/library/", q=q)


def test_a_text_is_changed_withdrawn_and_brought_back(log_in: LogIn, app: Flask) -> None:
    editor, reviewer = log_in("editor"), log_in("reviewer")
    address = add(editor).headers["Location"]
    edit = f"{address}/edit"
    assert submit(editor, edit, **fields(version="1", body=RESCUE.replace("泥石流", "山洪"))).status_code == 302
    assert found(editor, "“山洪受灾户”") and not found(editor, "“泥石流受灾户”")
    # Somebody who opened it before does not overwrite it, and keeps what was typed.
    late = submit(editor, edit, **fields(version="1", body=RESCUE + "\n附则：自公布之日起施行。"))
    assert late.status_code == 409 and "附则：自公布之日起施行" in late.get_data(as_text=True)
    assert "泥石流" in page(reviewer, address, v=1) and "已经改过" in page(reviewer, address, v=1)
    assert submit(editor, f"{address}/withdraw", seen=address, reason=" ").status_code == 422
    assert submit(editor, f"{address}/withdraw", seen=address, reason="已由新办法代替").status_code == 302
    assert not found(editor, "“山洪受灾户”") and "已由新办法代替" in page(reviewer, "/library/withdrawn")
    assert editor.get(edit, headers=HTML).status_code == 409
    assert submit(editor, f"{address}/withdraw", seen=address, reason="再来").status_code == 409
    assert submit(editor, f"{address}/restore", seen=address).status_code == 302
    assert found(editor, "“山洪受灾户”")
    with app.app_context(), db().read() as connection:
        names = [entry.name for entry in ledger.read(connection) if entry.name.startswith("library.")]
    assert names == ["library.added", "library.changed", "library.withdrawn", "library.restored"]
    assert editor.get("/library/texts/nothing", headers=HTML).status_code == 404


def test_what_there_is_already_is_not_kept_twice(log_in: LogIn) -> None:
    editor = log_in("editor")
    address = add(editor).headers["Location"]
    again = add(editor, title="另存一份", body=RESCUE.replace("\n", "\n\n"), act="anyway")
    assert again.status_code == 409 and "同样的内容已经有了" in again.get_data(as_text=True)
    near = RESCUE + "\n第三十一条 本细则自二〇二六年六月一日起施行。"
    warned = add(editor, title="实施细则修订稿", body=near)
    assert warned.status_code == 409
    text = warned.get_data(as_text=True)
    assert "可能已经有了" in text and address in text and "第三十一条" in text
    other = add(editor, title="实施细则修订稿", body=near, act="anyway").headers["Location"]
    assert "临时救助实施细则" in page(editor, other).split("相似的资料和事项")[1]


def test_personal_numbers_are_refused_or_masked(log_in: LogIn, settings: Settings) -> None:
    editor = log_in("editor")
    body = RESCUE + "\n联系人 533324189901010018，电话 13800138000。"
    refused = add(editor, body=body)
    text = refused.get_data(as_text=True)
    assert refused.status_code == 422 and "身份证号 533324********0018" in text and "遮住号码再保存" in text
    masked = add(editor, body=body, act="mask")
    assert masked.status_code == 302
    assert "138****8000" in page(editor, masked.headers["Location"])
    for path in (settings.data / "library").rglob("*"):
        assert not path.is_file() or b"533324189901010018" not in path.read_bytes()


def test_an_editor_writes_only_for_their_own_region(log_in: LogIn, app: Flask) -> None:
    editor = log_in("editor")
    assert add(editor, region="530000000000").status_code == 403


def word_file(*lines: str) -> bytes:
    document, out = WordFile(), io.BytesIO()
    for line in lines:
        document.add_paragraph(line)
    table = document.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "材料", "户口簿原件"
    document.save(out)
    return out.getvalue()


def pdf_file(text: str) -> bytes:
    """A page of Latin text, written by hand as PDF 1.4 has it."""
    stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode()
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream), b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]  # fmt: skip
    out = b"%PDF-1.4\n"
    places = []
    for n, one in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj%s endobj\n" % (n, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"xref\n0 6\n0000000000 65535 f \n%strailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        table,
        len(out),
    )


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"\x00" * 101_000_000)
    return out.getvalue()


def test_files_are_read_by_what_they_are(log_in: LogIn) -> None:
    editor = log_in("editor")
    for name, data, said in (
        (
            "高龄津贴办理规程.docx",
            word_file("高龄津贴按月发放到社保卡。", "每年核对一次，由村委会负责。"),
            "户口簿原件",
        ),
        ("草果种植补贴.txt", "草果种植补贴申报说明：先到村委会登记，再由乡镇核实面积。".encode("gb18030"), "核实面积"),
        ("notes.pdf", pdf_file("Border permit handbook of the county office"), "handbook"),
    ):
        reply = add(editor, title="", body="", file=(io.BytesIO(data), name))
        assert reply.status_code == 302, reply.get_data(as_text=True)
        text = page(editor, reply.headers["Location"])
        assert said in text and f">{name.rsplit('.', 1)[0]}</h1>" in text


def test_a_file_that_cannot_be_used_is_refused_with_the_reason(log_in: LogIn) -> None:
    editor = log_in("editor")
    for name, data, reason in (
        ("空.txt", b"", "文件是空的"),
        ("照片.txt", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, "这不是文字文件，虽然名字以 .txt 结尾"),
        ("旧.doc", b"\xd0\xcf\x11\xe0" + bytes(600), "另存为 docx"),
        ("表.docx", b"PK\x03\x04" + b"x" * 500, "可能已经损坏"),
        ("坏.pdf", b"%PDF-1.7\n" + b"x" * 500, "可能已经损坏"),
        ("扫描.pdf", pdf_file(""), "可能是扫描件"),
        ("炸弹.docx", bomb(), "解开以后太大"),
        ("太长.txt", "字".encode() * 300_001, "请拆成几篇"),
        ("十兆.txt", b"a" * 10_485_761, "文件超过 10 MB"),
    ):
        reply = add(editor, body="", file=(io.BytesIO(data), name))
        text = reply.get_data(as_text=True)
        assert reply.status_code == 422 and reason in text and "临时救助实施细则" in text, name
    both = add(editor, file=(io.BytesIO(b"abc"), "a.txt")).get_data(as_text=True)
    assert "正文和文件只要一样" in both and "泥石流" in both


def test_a_long_text_can_be_pasted_and_a_longer_one_is_refused(log_in: LogIn, client: FlaskClient) -> None:
    editor = log_in("editor")
    long = "".join(f"第{n}条 关于农村道路交通安全管理的规定，由各乡镇组织实施。\n" for n in range(6000))
    assert add(editor, title="道路规定", body=long).status_code == 302
    refused = add(editor, body="字" * 300_001)
    assert refused.status_code == 422 and "有 300001 字" in refused.get_data(as_text=True)
    assert add(editor, body="字" * 700_000, file=(io.BytesIO(b""), "")).status_code == 413
    assert client.post("/library/add", data={"body": "字" * 700_000}, headers=HTML).status_code == 413


def test_the_index_heals_itself(
    log_in: LogIn, settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = log_in("editor")
    add(editor)
    folder = settings.data / "library" / "index"
    for path in folder.glob("*.seg"):
        path.write_bytes(path.read_bytes()[:200])
    text = page(editor, "/library/", q="泥石流")
    assert "已经按资料库重新建好" in text and "临时救助实施细则" in text
    assert "重新建好" not in page(editor, "/library/", q="泥石流")
    next(iter(folder.glob("_MAIN_*.toc"))).write_bytes(b"junk")
    assert found(editor, "泥石流")
    monkeypatch.setenv("JJB_DATA", str(settings.data))
    monkeypatch.setenv("JJB_DATABASE_URL", settings.database_url)
    assert main(["reindex"]) == 0
    assert "76 篇资料和事项" in capsys.readouterr().out
    assert found(editor, "泥石流")


def test_many_write_and_search_at_once(app: Flask, settings: Settings) -> None:
    def work(n: int) -> int:
        with app.app_context():
            draft = rules.Draft(
                f"第{n}号通知", "note", "民政局", "533300000000", "2026-05-20", "", f"关于第{n}批草果烘烤房的通知。"
            )
            with db().write() as connection:
                store.add(connection, draft, "editor", "知识编辑甲")
            with db().read() as connection:
                return Shelf(settings, connection).search("草果烘烤房", Filters(kind="note"), 1, 20).total

    with ThreadPoolExecutor(4) as pool:
        seen = list(pool.map(work, range(8)))
    assert all(1 <= total <= 8 for total in seen)
    with app.app_context(), db().read() as connection:
        shelf = Shelf(settings, connection)
        assert shelf.search("草果烘烤房", Filters(kind="note"), 1, 20).total == 8
        assert not shelf.rebuilt


def test_the_form_needs_its_token(log_in: LogIn) -> None:
    editor = log_in("editor")
    token(editor, "/library/add")
    assert editor.post("/library/add", data=fields(), headers=HTML).status_code == 400
