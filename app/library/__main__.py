"""`python -m app.library reindex`: make the search index anew from the database."""

from __future__ import annotations

import argparse
import sys
import time

from app import create_app
from app.db import db
from app.library.index import Shelf
from app.problems import Problem
from app.settings import Settings


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 0 when done, 2 when the settings are wrong or another process holds the index."""
    parser = argparse.ArgumentParser(prog="python -m app.library", description="资料库检索目录")
    parser.add_subparsers(dest="command", required=True).add_parser("reindex", help="按数据库重新建检索目录")
    parser.parse_args(arguments)
    try:
        settings = Settings.from_environment()
        app = create_app(settings)
        started = time.monotonic()
        with app.app_context(), db().read() as connection:
            count = Shelf(settings, connection).reindex()
    except Problem as problem:
        print(problem.sentence, file=sys.stderr)
        print(problem.kind.next, file=sys.stderr)
        return 2
    print(f"检索目录已重建：{count} 篇资料和事项，用时 {time.monotonic() - started:.1f} 秒。")
    return 0


if __name__ == "__main__":
    sys.exit(main())
