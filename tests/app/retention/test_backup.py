"""A backup holds no key; with the newest key book it opens whole, but for whom was deleted since."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import __main__ as commands
from app import backup
from app.db import Database
from app.problems import Problem
from app.retention import job
from app.settings import Settings
from app.vault import Vault
from tests.app.retention.test_retention import decide, ended
from tests.app.village import Village

LogIn = Callable[[str], FlaskClient]


def test_an_old_backup_does_not_bring_back_whom_was_deleted(
    app: Flask, settings: Settings, log_in: LogIn, tmp_path: Path
) -> None:
    if settings.database_url:
        pytest.skip("the database of PostgreSQL is copied by its own tool")
    village, store = Village(app), app.extensions["jjb_db"]
    gone, stays = village.case(1), village.case(2)
    village.round(gone, stays)
    decide(log_in("agent1"), gone["subject"])
    old, new = tmp_path / "old", tmp_path / "new"
    backup.write(store, old)
    file = sqlite3.connect(old / "centre.db")
    assert file.execute("SELECT count(*) FROM vault_key").fetchone() == (0,)
    sealed = dict(file.execute("SELECT case_no, json_extract(sealed, '$.applicant') FROM case_file"))
    file.close()
    ended(app, gone["subject"], 400)
    with app.app_context():
        job.run("centre", dry=False)
    backup.write(store, new)
    assert (new / "keybook.json").stat().st_mode & 0o077 == 0
    restored = Database(f"sqlite:///{old / 'centre.db'}")
    assert backup.take_keys(restored, new / "keybook.json") == 1
    assert backup.take_keys(restored, new / "keybook.json") == 0
    vault = Vault.from_file(settings.data / "keys" / "vault.key")
    with restored.read() as connection:
        assert vault.open(connection, stays["subject"], sealed[stays["subject"]])["name"] == "阿普山"
        assert vault.open(connection, gone["subject"], sealed[gone["subject"]]) is None
    restored.close()


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1}', "不是"])
def test_what_is_no_key_book_changes_nothing(app: Flask, tmp_path: Path, text: str) -> None:
    book = tmp_path / "keybook.json"
    book.write_text(text)
    with pytest.raises(Problem, match=r"backup\.file"):
        backup.take_keys(app.extensions["jjb_db"], book)
    with pytest.raises(Problem, match=r"backup\.file"):
        backup.take_keys(app.extensions["jjb_db"], tmp_path / "none.json")


def test_the_commands_say_what_they_did(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("JJB_DATA", str(settings.data))
    if settings.database_url:
        monkeypatch.setenv("JJB_DATABASE_URL", settings.database_url)
    assert commands.main(["backup", str(tmp_path / "b")]) == 0
    assert commands.main(["keybook", str(tmp_path / "b" / "keybook.json")]) == 0
    (tmp_path / "file").write_text("x")
    assert commands.main(["backup", str(tmp_path / "file" / "b")]) == 2
    said = capsys.readouterr()
    assert "只留最新的一份" in said.out
    assert "已放回 0 把密钥" in said.out
    assert "备份没有做成" in said.err
