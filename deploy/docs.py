"""`python -m deploy.docs [--check]`: writes the tables of the documents from the code, so that they cannot rot.

`app/HTTP.md` (routes, events, problems) is written whole; in `deploy/README.md` the block between the two marks.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import fields
from pathlib import Path
from typing import get_type_hints

from app import OPEN_DOORS, create_app
from app.events import EVENTS
from app.problems import PROBLEMS
from app.settings import PREFIX, Settings

ROOT = Path(__file__).resolve().parents[1]
START, END = "<!-- settings: written by deploy/docs.py -->", "<!-- end of settings -->"


def settings_table() -> str:
    """Every setting: variable, default, unit, meaning."""
    lines = ["| variable | default | unit | meaning |", "|---|---|---|---|"]
    for row in fields(Settings):
        default = f"`{row.default}`" if str(row.default) else "(empty)"
        lines.append(
            f"| `{PREFIX}{row.name.upper()}` | {default} | {row.metadata['unit']} | {row.metadata['meaning']} |"
        )
    return "\n".join(lines)


def http_page() -> str:
    """Routes with their methods and first docstring line, events with their fields, problems with their sentences."""
    parts = [
        "# Routes, events and problems",
        "Written from the code by `python -m deploy.docs`; a test holds that it is fresh. The wire of villages is in",
        "[../sync/PROTOCOL.md](../sync/PROTOCOL.md), that of live talks in [../remote/PROTOCOL.md](../remote/PROTOCOL.md).",
        "",
        "Stability: `/sync`, `/enrol`, `/packs/…`, `/healthz`, `/api/release` and the shape of errors only ever gain fields;",
        "everything else serves our own pages and may change with them. An error is always",
        '`{"ok": false, "error": {"code", "message", "next", "status", "details"}}`, as a page for a person in a browser.',
        "",
        "## Routes",
        "",
        "| route | methods | open | what |",
        "|---|---|---|---|",
        *_routes(),
        "",
        "## Events",
        "",
        "| event | from | fields (*sealed*) |",
        "|---|---|---|",
        *_events(),
        "",
        "## Problems",
        "",
        "| code | status | sentence | what to do next |",
        "|---|---|---|---|",
        *(f"| `{code}` | {kind.status} | {kind.sentence} | {kind.next} |" for code, kind in PROBLEMS.items()),
    ]
    return "\n".join(parts) + "\n"


def _routes() -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(data=Path(folder)))
        lines = []
        for rule in sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint)):
            says = (app.view_functions[rule.endpoint].__doc__ or "live socket, see remote/PROTOCOL.md").split("\n")[0]
            methods = ", ".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))
            door = "open" if rule.endpoint in OPEN_DOORS else ""
            lines.append(f"| `{rule.rule}` | {methods} | {door} | {says} |".replace("<path:", "<"))
        app.extensions["jjb_db"].close()
    return lines


def _events() -> list[str]:
    lines = []
    for name, kind in EVENTS.items():
        names = [f"*{field}*" if field in kind.sealed else field for field in get_type_hints(kind.body)]
        lines.append(f"| `{name}` | {kind.source} | {', '.join(names) or '—'} |")
    return lines


def documents() -> dict[Path, str]:
    """What each document should hold now."""
    readme = ROOT / "deploy" / "README.md"
    before, rest = readme.read_text(encoding="utf-8").split(START)
    after = rest.split(END)[1]
    return {
        ROOT / "app" / "HTTP.md": http_page(),
        readme: f"{before}{START}\n{settings_table()}\n{END}{after}",
    }


def main(arguments: list[str]) -> int:
    stale = [
        path for path, text in documents().items() if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    if "--check" in arguments:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is stale: run python -m deploy.docs")
        return 1 if stale else 0
    for path, text in documents().items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
