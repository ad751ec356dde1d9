from __future__ import annotations

import json
import re
import shutil
import stat
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from app import create_app
from app.__main__ import main
from app.settings import Settings
from tests.app.accounts.pages import submit
from tests.app.village import enrol, new_key

PASSWORD = "过了怒江就是我的家乡"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder, named in the environment as deploy/up does."""
    for name in ("DATABASE_URL", "JJB_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("JJB_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def demo_data(data: Path, sqlite_template: Path) -> Path:
    """A data folder with the demo organisation."""
    shutil.copytree(sqlite_template, data)
    return data


def content(data: Path) -> dict[str, int]:
    engine = create_engine(f"sqlite:///{data / 'centre.db'}")
    tables = ("person", "service_point", "release", "ledger", "person_role")
    with engine.connect() as connection:
        counts = {table: connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in tables}
    engine.dispose()
    return counts


def test_setup_again_changes_nothing(demo_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = content(demo_data)
    password = json.loads((demo_data / "demo.json").read_text())["password"]
    assert main(["setup"]) == 0
    assert content(demo_data) == before
    assert json.loads((demo_data / "demo.json").read_text())["password"] == password
    assert capsys.readouterr().out.startswith("· ")


def test_the_demo_organisation_has_both_pilot_points_and_every_role(demo_data: Path) -> None:
    told = json.loads((demo_data / "demo.json").read_text())
    roles = {role for person in told["people"] for role in person["roles"]}
    assert len(roles) == 10
    assert content(demo_data)["service_point"] == 2
    assert stat.S_IMODE((demo_data / "demo.json").stat().st_mode) == 0o600


def test_without_demo_there_is_one_admin_and_a_link_for_the_first_log_in(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["setup", "--no-demo"]) == 0
    path = re.findall(r"/accounts/first/[\w-]+", capsys.readouterr().out)[0]
    assert content(data)["person"] == 1
    assert content(data)["service_point"] == 0
    assert not (data / "demo.json").exists()
    app = create_app(Settings(data=data))
    client = app.test_client()
    assert submit(client, path, password=PASSWORD, again=PASSWORD).location == "/login"
    assert submit(client, "/login", username="admin", password=PASSWORD).location == "/oversight/"
    assert "去添加服务点" in client.get("/oversight/").get_data(as_text=True)
    app.extensions["jjb_db"].close()
    assert main(["setup", "--no-demo"]) == 0
    assert "/accounts/first/" not in capsys.readouterr().out


def test_an_enrolment_code_from_the_shell_works(demo_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["enrol-code", "dulongjiang"]) == 0
    code = capsys.readouterr().out.split()[0]
    app = create_app(Settings(data=demo_data))
    assert enrol(app, code, new_key()).json["point"]["id"] == "dulongjiang"
    app.extensions["jjb_db"].close()


def test_demo_info_is_what_deploy_up_prints(demo_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo-info"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {code["point"] for code in told["codes"]} == {"hexie", "dulongjiang"}
    app = create_app(Settings(data=demo_data))
    assert enrol(app, told["codes"][0]["code"], new_key()).status_code == 201
    app.extensions["jjb_db"].close()


def test_a_link_from_the_shell_works(demo_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["first-link", "editor"]) == 0
    path = re.findall(r"/accounts/first/[\w-]+", capsys.readouterr().out)[0]
    app = create_app(Settings(data=demo_data))
    assert submit(app.test_client(), path, password=PASSWORD, again=PASSWORD).location == "/login"
    app.extensions["jjb_db"].close()


def test_the_ledger_is_checked_from_the_shell(demo_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger-verify"]) == 0
    assert "账本完好" in capsys.readouterr().out
    engine = create_engine(f"sqlite:///{demo_data / 'centre.db'}")
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM ledger WHERE seq=3"))
    engine.dispose()
    assert main(["ledger-verify"]) == 1
    assert "第 4 条" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [["enrol-code", "nowhere"], ["first-link", "nobody"], ["enrol-code"], ["dance"], [], ["setup", "--no-such-option"]],
)
def test_a_call_that_makes_no_sense_is_answered_in_two_plain_lines(
    demo_data: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    try:
        code = main(arguments)
    except SystemExit as stopped:
        code = int(str(stopped.code))
    said = capsys.readouterr().err.strip().splitlines()
    assert code == 2
    assert len(said) == 2
    assert all(line.endswith("。") for line in said)


def test_a_setting_that_cannot_be_is_named(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JJB_ENROL_CODE_MINUTES", "soon")
    assert main(["setup"]) == 2
    assert "JJB_ENROL_CODE_MINUTES" in capsys.readouterr().err
