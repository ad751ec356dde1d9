"""`python -m app …`: what an operator does from a shell. Every command says in words what it did."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import NoReturn

import msgspec
from flask import Flask
from sqlalchemy import Connection

from app import backup, clock, create_app, keys, ledger
from app.accounts import store as accounts
from app.db import db
from app.desk import drafts
from app.knowledge.publish import sign_anew
from app.places import store as places
from app.problems import Problem
from app.retention import job
from app.retention.rules import in_words
from app.settings import Settings
from app.setup import first_admin_link, setup
from sync import keyring, manifest


class Parser(argparse.ArgumentParser):
    """Says what is wrong with a call in two plain lines, as every other problem is said."""

    def error(self, message: str) -> NoReturn:
        print(f"命令或参数写得不对({message})。", file=sys.stderr)
        print("请运行 python -m app --help 看有哪些命令,每个命令要哪些参数。", file=sys.stderr)
        raise SystemExit(2)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 when done, 1 when a check failed, 2 when the call or the settings are wrong."""
    parser = Parser(prog="python -m app", description="就近办中心")
    commands = parser.add_subparsers(dest="command", required=True)
    making = commands.add_parser("setup", help="准备数据文件夹,可以重复运行")
    making.add_argument("--demo", action=argparse.BooleanOptionalAction, default=None, help="建立示范服务点和人员")
    coding = commands.add_parser("enrol-code", help="为一个服务点生成登记码")
    coding.add_argument("point")
    linking = commands.add_parser("first-link", help="为一个人生成首次登录链接")
    linking.add_argument("username")
    commands.add_parser("ledger-verify", help="核对审计账本")
    commands.add_parser("demo-info", help="示范人员、密码和一个登记码,JSON")
    keying = commands.add_parser("keys", help="发布密钥:申请、导入密钥书、查看(根密钥离线保管,见 python -m sync.root)")
    keying.add_argument("act", choices=("request", "import", "status"))
    keying.add_argument("file", nargs="?", help="import 要导入的密钥书")
    saving = commands.add_parser("backup", help="备份数据库（不含个人信息的密钥）和最新的密钥本，可以在运行中做")
    saving.add_argument("folder", type=Path)
    opening = commands.add_parser("keybook", help="恢复备份以后，把最新的密钥本放回去")
    opening.add_argument("file", type=Path)
    wiping = commands.add_parser("retention", help="清理到期的个人信息（中心每天自动清理一次，也可以随时运行）")
    wiping.add_argument("--dry-run", action="store_true", help="只数一数，不删除")
    trying = commands.add_parser("draft-try", help="用接通的模型试拟一句回复,看留下几句、去掉几句")
    trying.add_argument("question")
    options = parser.parse_args(arguments)
    try:
        app = create_app(Settings.from_environment())
        with app.app_context():
            return int(COMMANDS[options.command](app, options) or 0)
    except Problem as problem:
        print(problem.sentence, file=sys.stderr)
        print(problem.kind.next, file=sys.stderr)
        return 2


def _setup(app: Flask, options: argparse.Namespace) -> None:
    settings: Settings = app.extensions["jjb_settings"]
    demo = settings.demo if options.demo is None else options.demo
    setup(app, demo, say=lambda line: print(f"· {line}", flush=True))
    if not demo:
        with db().write() as connection:
            link = first_admin_link(connection, settings)
        if link:
            print(f"首位管理员(登录名 admin)的首次登录链接,24 小时内有效,只能用一次:\n{link}")


def _enrol_code(app: Flask, options: argparse.Namespace) -> None:
    with db().write() as connection:
        places.point(connection, options.point)
        code, expires = places.issue_code(
            connection, options.point, app.extensions["jjb_settings"].enrol_code_minutes, "centre"
        )
    print(f"{code}  有效到 {expires}")


def _first_link(app: Flask, options: argparse.Namespace) -> None:
    user = app.extensions["jjb_security"].datastore.find_user(username=options.username)
    if user is None:
        raise Problem("request.missing")
    with db().write() as connection:
        token = accounts.issue_link(connection, user.id, "centre")
    print(f"{app.extensions['jjb_settings'].public_url}/accounts/first/{token}")


def _ledger_verify(_app: Flask, _options: argparse.Namespace) -> int:
    with db().read() as connection:
        verdict = ledger.verify(connection)
    if verdict.ok:
        print(f"账本完好:{verdict.entries} 条,最后一条的指纹 {verdict.head[:16]}")
        return 0
    print(f"账本从第 {verdict.broken_at} 条起对不上。请停止写入,保留现场,用备份核对。")
    return 1


def _demo_info(app: Flask, _options: argparse.Namespace) -> None:
    settings: Settings = app.extensions["jjb_settings"]
    path = settings.data / "demo.json"
    if not path.exists():
        raise Problem("request.missing")
    info = json.loads(path.read_text(encoding="utf-8"))
    with db().write() as connection:
        info["codes"] = [
            {"point": point.id, "name": point.name, "code": _demo_code(connection, point.id, settings)}
            for point in places.points(connection, "")
        ]
    print(json.dumps(info, ensure_ascii=False))


def _demo_code(connection: Connection, point: str, settings: Settings) -> str:
    return places.issue_code(connection, point, settings.demo_code_minutes, "centre")[0]


def _draft_try(app: Flask, options: argparse.Namespace) -> None:
    made, tally = drafts.rehearse(options.question)
    print(made["text"])
    for one in made["sentences"]:
        print(f"· {one['text']} 依据:{one['name']},{one['label']},第 {one['release']} 版:{one['quote']}")
    reasons = "".join(f" {reason} {count}" for reason, count in sorted(tally.dropped.items()))
    print(
        f"模型 {tally.model}:{tally.milliseconds} 毫秒,资料 {tally.sources} 条,留下 {tally.kept} 句,去掉 {made['dropped']} 句{reasons}"
    )


def _backup(app: Flask, options: argparse.Namespace) -> None:
    for path in backup.write(db(), options.folder):
        print(f"已写好 {path}")
    if not db().is_sqlite:
        print("数据库请用 pg_dump --exclude-table-data=vault_key 备份。")
    print("keys/、files/、releases/、packs/、open/ 请照原样复制。密钥本只留最新的一份。")


def _keybook(_app: Flask, options: argparse.Namespace) -> None:
    print(f"已放回 {backup.take_keys(db(), options.file)} 把密钥。")


def _retention(_app: Flask, options: argparse.Namespace) -> None:
    found = job.run("centre", dry=options.dry_run)
    words = in_words(json.loads(found.counts))
    print(f"{'试算，没有删除' if options.dry_run else '已清理'}：{words}。保留不删 {found.held} 项。")


def _keys(app: Flask, options: argparse.Namespace) -> None:
    settings: Settings = app.extensions["jjb_settings"]
    if options.act == "request":
        public = manifest.public_bytes(
            keys.new_release_key(settings) if keys.letters(settings) else keys.first(settings)
        )
        print(msgspec.json.encode({"key_id": manifest.key_id(public), "public_key": public}).decode())
        return
    if options.act == "import":
        _import_letter(settings, options.file)
    trust = keys.trust(settings)
    if not trust.root:
        print("还没有离线的根密钥:设备信任登记时得到的发布密钥。")
        return
    print(f"根 {manifest.key_id(trust.root)},密钥书第 {trust.serial} 份")
    ours, counting = keys.own_keys(settings), keyring.counting(trust, {}, clock.now())
    for one in trust.keys:
        here = "在本中心" if one.key_id in ours else "不在本中心"
        print(
            f"· {one.key_id} {one.not_before[:10]} 到 {one.not_after[:10]},{here}{'' if one.key_id in counting else ',现在无效'}"
        )


def _import_letter(settings: Settings, file: str | None) -> None:
    try:
        told = msgspec.json.decode(Path(file or "").read_bytes(), type=keyring.SignedLetter)
    except (OSError, msgspec.DecodeError) as error:
        raise Problem("keys.letter", why="读不出这个文件") from error
    with db().write() as connection:
        letter = keys.keep_letter(settings, told)
        body = {
            "serial": letter.serial,
            "root": manifest.key_id(letter.root),
            "keys": [one.key_id for one in letter.keys],
        }
        ledger.append(
            connection,
            ledger.Event(clock.new_id(), "keys.certified", str(letter.serial), "centre", clock.now(), body),
        )
        signed = sign_anew(connection, settings)
    print(f"已导入第 {letter.serial} 份密钥书。重新签名的版本:{'、'.join(signed) or '没有'}")


COMMANDS = {
    "keys": _keys,
    "setup": _setup,
    "enrol-code": _enrol_code,
    "first-link": _first_link,
    "ledger-verify": _ledger_verify,
    "demo-info": _demo_info,
    "draft-try": _draft_try,
    "retention": _retention,
    "backup": _backup,
    "keybook": _keybook,
}

if __name__ == "__main__":
    sys.exit(main())
