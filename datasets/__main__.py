"""`python -m datasets check [FOLDER]` and `python -m datasets build OUT.db [--from FOLDER] [--force]`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import apsw

from datasets.build import build
from datasets.checks import check
from datasets.flow_checks import ends
from datasets.sources import FOLDER, Sources, read


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 when all is well, 1 on faults in the data, 2 on a wrong call."""
    parser = argparse.ArgumentParser(prog="python -m datasets", description="检查和构建就近办知识")
    commands = parser.add_subparsers(dest="command", required=True)
    checking = commands.add_parser("check", help="检查事项、区划、词表，一行一个问题")
    checking.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    building = commands.add_parser("build", help="构建一个知识库文件")
    building.add_argument("out", type=Path)
    building.add_argument("--from", dest="folder", type=Path, default=FOLDER)
    building.add_argument("--force", action="store_true", help="覆盖已有的文件")
    options = parser.parse_args(arguments)
    sources = read(options.folder)
    faults = check(sources)
    for fault in faults:
        print(fault)
    if faults:
        print(f"共 {len(faults)} 个问题，请改正后再试。", file=sys.stderr)
        return 1
    print(f"检查通过：{len(sources.items)} 个事项，{len(sources.regions)} 个区划，{len(sources.rewrites)} 条说法。")
    print(coverage(sources))
    return 0 if options.command == "check" else _build(sources, options.out, options.force)


def coverage(sources: Sources) -> str:
    """One line: how many items have a guided flow, and how many of all situations a flow leads to."""
    guided = [item for item in sources.items if item["flow"]]
    situations = [situation for item in sources.items for situation in item["situations"]]
    reached = sum(len(item["situations"]) for item in guided)  # a flow that misses one is a fault
    questions = [question for item in guided for question in item["flow"]]
    return (
        f"流程覆盖 {len(guided)}/{len(sources.items)}：{len(questions)} 个问题，"
        f"情形 {reached}/{len(situations)}，{sum(len(list(ends(item['flow']))) for item in guided)} 条走法全部有结果。"
    )


def _build(sources: Sources, out: Path, force: bool) -> int:
    if out.exists() and not force:
        print(f"{out} 已经存在。要覆盖请加 --force。", file=sys.stderr)
        return 2
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.unlink(missing_ok=True)
        build(out, sources.items, sources)
    except (OSError, apsw.Error) as error:
        print(f"写不了 {out}：{error}。请检查文件夹在不在、能不能写、磁盘满没满。", file=sys.stderr)
        return 2
    print(f"已写好 {out}，{out.stat().st_size} 字节。")
    return 0


if __name__ == "__main__":
    sys.exit(main())
