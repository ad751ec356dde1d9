"""Fills forms as a browser does: every field as it stands on the page, then what the person changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

HTML = {"Accept": "text/html"}


class _Fields(HTMLParser):
    """Successful controls of all forms of a page (HTML §4.10.21.4), in order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, str]] = []
        self._text: str | None = None
        self._select: str | None = None
        self._options: list[tuple[str, bool]] = []
        self._option: list[Any] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name = given.get("name") or ""
        if tag == "input" and name:
            if given.get("type") in ("checkbox", "radio") and "checked" not in given:
                return
            self.found.append((name, given.get("value") or ""))
        elif tag == "textarea":
            self._text = name
            self.found.append((name, ""))
        elif tag == "select":
            self._select, self._options = name, []
        elif tag == "option" and self._select is not None:
            self._option = [given.get("value"), "selected" in given, ""]

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            name, text = self.found[-1]
            self.found[-1] = (name, text + data)
        if self._option is not None:
            self._option[2] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._text = None
        elif tag == "option" and self._option is not None:
            value, selected, label = self._option
            self._options.append((label if value is None else value, selected))
            self._option = None
        elif tag == "select" and self._select is not None:
            chosen = [value for value, selected in self._options if selected] or [
                value for value, _ in self._options[:1]
            ]
            self.found += [(self._select, value) for value in chosen]
            self._select = None


def fields(page: str) -> dict[str, list[str]]:
    """Name to values of everything that the page's forms would send."""
    parser = _Fields()
    parser.feed(page)
    found: dict[str, list[str]] = {}
    for name, value in parser.found:
        found.setdefault(name, []).append(value)
    return found


def fill(
    client: FlaskClient, path: str, change: Mapping[str, str | Sequence[str]], page: str | None = None, **extra: str
) -> TestResponse:
    """Open a page with a form, change fields by name, send it. `page`: the text of a page that was opened before."""
    text = client.get(path, headers=HTML).get_data(as_text=True) if page is None else page
    form: dict[str, Any] = {name: values for name, values in fields(text).items() if name != "q"}
    form["csrf_token"] = form["csrf_token"][0]
    return client.post(path, data={**form, **change, **extra}, headers=HTML)
