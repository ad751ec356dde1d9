"""`python -m sync`: a village at the command line, for drills and support.

python -m sync --data DIR enrol URL CODE
python -m sync --data DIR record NAME SUBJECT < body.json
python -m sync --data DIR case [--paper 材料=文件]... < body.json
python -m sync --data DIR sync [--attempts N]
python -m sync --data DIR status
python -m sync --data DIR export FILE.jbup
python -m sync --data DIR receipt FILE.jbreceipt
python -m sync --data DIR import FILE.jbpack
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from sync import stick
from sync.client import FileFault, NotEnrolled, Village
from sync.courier import CourierError
from sync.manifest import ManifestError
from sync.packs import PackError
from sync.uploads import Paper
from sync.wire import LinkError, Refused

SCHEMA = Path(__file__).resolve().parents[1] / "datasets" / "schema.sql"


TROUBLES = {
    "centre": "本机还没有登记，或还没有和中心通过一次话，不知道封给谁。请先联网同步一次，或导入中心做的知识包。",
    "damaged": "文件在路上坏了，什么也没有改动。请重新拷一份。",
    "format": "这不是这一步要的文件，什么也没有改动。请重新选。",
    "half": "文件不完整，什么也没有改动。请把整个文件重新拷一份。",
    "key": "签名的密钥本机不认识，什么也没有改动。请向中心要新的文件。",
    "large": "文件太大，什么也没有改动。",
    "other": "这是别的电脑的回执，什么也没有改动。",
    "sealed": "文件打不开，什么也没有改动。",
    "signature": "签名核对不上，什么也没有改动。请向中心要新的文件。",
    "space": "这台电脑的空间不够，什么也没有改动。请先腾出空间。",
    "unknown": "这份回执对应的导出本机已经没有记录，什么也没有改动。请重新导出一次。",
}


def main(arguments: list[str] | None = None) -> int:
    """0 when it went through, 1 with a sentence when not."""
    asked = _parser().parse_args(arguments)
    folder: Path = asked.data
    note = folder / "centre.txt"
    if asked.command == "enrol":
        folder.mkdir(parents=True, exist_ok=True)
        note.write_text(asked.url, encoding="utf-8")
    if not note.exists():
        print("这个文件夹还没有登记。请先运行：python -m sync --data DIR enrol 网址 登记码", file=sys.stderr)
        return 1
    village = Village(folder, note.read_text(encoding="utf-8").strip(), asked.schema.read_text(encoding="utf-8"))
    try:
        return _run(village, asked)
    except LinkError as error:
        print(f"没有连上中心（{error}）。请检查网址和网络后再试。", file=sys.stderr)
    except Refused as error:
        print(f"{error.message}{error.next}", file=sys.stderr)
    except FileFault as error:
        print(f"有一份附件不能交（{error}）：只收照片(JPEG)和没有密码、不带程序的 PDF。", file=sys.stderr)
    except CourierError as error:
        print(f"{TROUBLES.get(error.kind, TROUBLES['format'])}（读到 {error.bytes} 字节）", file=sys.stderr)
    except (ManifestError, PackError) as error:
        print(f"知识包核对不上（{error}），什么也没有改动。请重新拷一份。", file=sys.stderr)
    except OSError as error:
        print(f"读写文件没有成：{error.strerror}。请检查 U 盘。", file=sys.stderr)
    except NotEnrolled:
        print("本机还没有登记。请先用登记码登记(enrol)。", file=sys.stderr)
    finally:
        village.close()
    return 1


def _run(village: Village, asked: argparse.Namespace) -> int:
    if asked.command == "enrol":
        reply = village.enrol(asked.code, "python -m sync")
        print(f"已登记：{reply.point.name}，{reply.letters} 号机（{reply.device}）。")
    elif asked.command == "record":
        print(village.record(asked.name, asked.subject, json.load(sys.stdin)))
    elif asked.command == "case":
        papers = [Paper(name, Path(path).read_bytes()) for name, _, path in (one.partition("=") for one in asked.paper)]
        print(village.file_case(json.load(sys.stdin), papers))
    elif asked.command == "export":
        made = stick.export(village)
        asked.file.write_bytes(made.data)
        left = f"还有 {made.left} 个附件装不下，收到回执后再导出一次。" if made.left else ""
        print(
            f"已导出 {made.events} 条记录、{made.files} 个附件，共 {len(made.data)} 字节。{left}回执收到以前，本机什么也不清除。"
        )
    elif asked.command == "receipt":
        taken = stick.take_receipt(village, asked.file.read_bytes())
        print(
            f"中心收下了 {taken.settled} 条记录、{taken.files} 个附件，带回 {taken.messages} 条消息；{taken.refused} 件要处理。"
        )
    elif asked.command == "import":
        found = stick.take_pack(village, asked.file.read_bytes())
        words = {"new": "已换上", "same": "本机已经是", "older": "比本机的旧，没有换；U 盘上是"}
        print(f"办事知识：{words[found.outcome]}第 {found.offered} 版；本机现在是第 {found.held} 版。")
    elif asked.command == "sync":
        outcome = village.sync(asked.attempts)
        if outcome.error is not None:
            raise outcome.error
        for event_id, name, problem in village.mailbox.refused():
            print(f"需处理 {name} {event_id}：{problem.get('message', '')}{problem.get('next', '')}")
    if asked.command in ("sync", "status"):
        print(json.dumps(asdict(village.status()), ensure_ascii=False, indent=1))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sync", description="A village at the command line.")
    parser.add_argument("--data", type=Path, required=True, help="folder of this village")
    parser.add_argument("--schema", type=Path, default=SCHEMA, help="the knowledge tables (datasets/schema.sql)")
    commands = parser.add_subparsers(dest="command", required=True)
    enrol = commands.add_parser("enrol", help="register with a one-time code")
    enrol.add_argument("url")
    enrol.add_argument("code")
    record = commands.add_parser("record", help="queue an event; the body is JSON on standard input")
    record.add_argument("name")
    record.add_argument("subject")
    case = commands.add_parser("case", help="hand in a case; the body is JSON on standard input")
    case.add_argument("--paper", action="append", default=[], metavar="MATERIAL=FILE", help="a JPEG or a PDF")
    commands.add_parser("sync", help="send and fetch").add_argument("--attempts", type=int, default=5)
    for name, help_ in (
        ("export", "write what waits to a file for a USB stick"),
        ("receipt", "take in the centre's receipt"),
        ("import", "take in a pack of knowledge"),
    ):
        commands.add_parser(name, help=help_).add_argument("file", type=Path)
    commands.add_parser("status", help="what stands here")
    return parser


if __name__ == "__main__":
    sys.exit(main())
