"""What the open-data site adds to Datasette: the whole file for download, words for screens, and strict headers.

Datasette offers a download only of files that never change; ours is replaced while it is served. A copy is therefore
taken through the database connection, so that it is always one whole state.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from datasette import hookimpl
from datasette.utils.asgi import Response

FILTER_WORDS = {
    "exact": "等于",
    "not": "不等于",
    "contains": "包含",
    "endswith": "结尾是",
    "startswith": "开头是",
    "gt": "大于",
    "gte": "大于等于",
    "lt": "小于",
    "lte": "小于等于",
    "like": "像（% 代表任意字）",
    "notlike": "不像",
    "glob": "符合（* 代表任意字）",
    "in": "是其中之一",
    "notin": "不在其中",
    "arraycontains": "列表里有",
    "arraynotcontains": "列表里没有",
    "date": "日期是",
    "isnull": "是空的",
    "notnull": "不是空的",
    "isblank": "没有内容",
    "notblank": "有内容",
}
PROBLEMS = {
    400: "这个查询不合写法，请改一改再试。",
    403: "这个站点不提供这项功能。",
    404: "没有找到这一页。请检查地址，或回到首页。",
    500: "站点出了点问题，请稍后再试。",
}
HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
)


@hookimpl  # type: ignore[untyped-decorator]  # datasette ships no types
def register_routes() -> list[tuple[str, Any]]:
    """`/open.db`: the file that the tables come from."""
    return [(r"^/open\.db$", whole_file)]


async def whole_file(datasette: Any) -> Response:
    """One consistent copy of the database."""

    def copy(connection: sqlite3.Connection) -> bytes:
        return connection.serialize()

    data = await datasette.get_database("open").execute_fn(copy)
    headers = {"content-disposition": 'attachment; filename="jiujinban-open.db"'}
    return Response(body=data, headers=headers, content_type="application/vnd.sqlite3")


@hookimpl  # type: ignore[untyped-decorator]  # datasette ships no types
def extra_template_vars(datasette: Any) -> dict[str, Any]:
    """Words that the templates use."""

    def table_title(database: str, table: str) -> str:
        return str((datasette.table_metadata(database, table) or {}).get("title") or table)

    def column_word(database: str, table: str, column: str) -> str:
        columns = (datasette.table_metadata(database, table) or {}).get("columns") or {}
        return str(columns.get(column, ""))

    return {
        "table_title": table_title,
        "column_word": column_word,
        "filter_words": FILTER_WORDS,
        "problem_words": PROBLEMS,
    }


@hookimpl  # type: ignore[untyped-decorator]  # datasette ships no types
def asgi_wrapper() -> Callable[[Any], Any]:
    """Adds headers to every answer."""

    def wrap(app: Any) -> Any:
        async def wrapped(scope: Any, receive: Any, send: Any) -> None:
            async def send_with_headers(message: Any) -> None:
                if message["type"] == "http.response.start":
                    message = {**message, "headers": [*message.get("headers", []), *HEADERS]}
                await send(message)

            await app(scope, receive, send_with_headers if scope["type"] == "http" else send)

        return wrapped

    return wrap
