"""`deploy/courier`: a folder instead of a page. Each file is said in a line; a bad one never holds up the others."""

from __future__ import annotations

import sys
from pathlib import Path

from app.courier import desk
from app.courier.views import words
from app.problems import Problem
from app.settings import Settings


def pack(settings: Settings, folder: Path) -> int:
    """Write the knowledge in force into a folder."""
    name, data = desk.pack(settings, "centre")
    _write(folder / name, data)
    print(f"已做好 {folder / name}，{len(data)} 字节。")
    return 0


def take(settings: Settings, folder: Path) -> int:
    """Take in every outbox of a folder and write its receipt beside it; 1 when one could not be taken."""
    found, bad = sorted(folder.glob("*.jbup")), 0
    for path in found:
        try:
            taken = desk.take(settings, path.read_bytes(), "centre", lambda _: None)
        except Problem as problem:
            bad += 1
            print(f"{path.name}：{problem.sentence}{problem.kind.next}", file=sys.stderr)
            continue
        except OSError as error:
            bad += 1
            print(f"{path.name}：读不出来（{error.strerror}）。请检查 U 盘。", file=sys.stderr)
            continue
        receipt = path.with_suffix(".jbreceipt")
        _write(receipt, taken.receipt)
        print(f"{path.name}：{taken.device.point_name}，{words(taken.body)}。回执：{receipt.name}")
    if not found:
        print(f"{folder} 里没有 .jbup 文件。")
    return 1 if bad else 0


def _write(path: Path, data: bytes) -> None:
    aside = path.with_name(f"{path.name}.new")
    aside.write_bytes(data)
    aside.replace(path)
