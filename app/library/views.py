"""Pages of 资料库: search for staff, reading, and upkeep by editors."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response as AnyResponse

from app.accounts.guard import current_person, logged_in, may_see, must_see, needs
from app.db import db
from app.library import extract, index, rules, store, words
from app.pages import BEIJING
from app.problems import Problem
from app.settings import Settings

bp = Blueprint("library", __name__, template_folder="templates")

READERS = ("agent", "lead", "editor", "reviewer", "manager")
KINDS = rules.KINDS | {rules.ITEM: "事项"}
PAGE = 10
"""Hits on one page."""
FORM = 2_000_000
"""Bytes of a pasted text: LONGEST characters of Chinese, and the other fields."""


@bp.url_value_preprocessor
def larger_forms(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Texts are longer than other forms: room for them, for people who are logged in, before anything reads the form."""
    if endpoint in ("library.add", "library.edit") and request.method == "POST" and logged_in():
        request.max_content_length = _settings().library_file_limit + FORM
        request.max_form_memory_size = FORM


@bp.get("/library/")
@needs(*READERS)
def search() -> str:
    """`?q=` with filters kind, department, region, since, until and page; all entries, newest first, when nothing is asked."""
    q = request.args.get("q", "").strip()[:200]
    filters = index.Filters(
        **{name: request.args.get(name, "").strip()[:60] for name in index.Filters.__dataclass_fields__}
    )
    for day in (filters.since, filters.until):
        if day and not rules.is_day(day):
            raise Problem("request.format", field="日期")
    page = min(max(1, request.args.get("page", 1, type=int)), 1000)
    with db().read() as connection:
        shelf = index.Shelf(_settings(), connection)
        found = shelf.search(q, filters, page, PAGE)
        asked = q
        if not found.total and found.suggestion:
            asked = found.suggestion
            found = shelf.search(asked, filters, page, PAGE)
        departments = shelf.departments()
    if shelf.rebuilt:
        flash("检索目录不见了或坏了，已经按资料库重新建好，没有丢失资料。", "ok")
    if shelf.late:
        flash("检索目录正在更新，刚改的资料过一会儿才查得到。", "warn")
    return render_template(
        "library/search.html", q=q, asked=asked, found=found, filters=filters, page=page, pages=-(-found.total // PAGE),
        departments=departments, kinds=KINDS, regions=_regions(), given={k: v for k, v in asdict(filters).items() if v},
        narrowed=any(asdict(filters).values()),
    )  # fmt: skip


@bp.get("/library/withdrawn")
@needs("editor", "reviewer", "manager")
def withdrawn() -> str:
    """Texts that were withdrawn; an editor brings one back."""
    with db().read() as connection:
        rows = store.withdrawn(connection, 200)
    return render_template("library/withdrawn.html", rows=rows, kinds=rules.KINDS)


@bp.get("/library/texts/<text_id>")
@needs(*READERS)
def text(text_id: str) -> str:
    """One text, passage by passage, with `?q=` marked; `?v=` an earlier wording; what else is about the same."""
    q, version = request.args.get("q", "").strip()[:200], request.args.get("v", type=int)
    with db().read() as connection:
        row = store.find(connection, text_id, version)
        history = store.history(connection, text_id)
        near = index.Shelf(_settings(), connection).alike(f"text:{text_id}", row.title, row.body)
    shown = index.highlights(index.terms_of(q))
    folded = words.fold(row.body)
    passages = [rules.marked(row.body[start:end], folded[start:end], shown) for start, end in rules.passages(row.body)]
    return render_template(
        "library/text.html", row=row, history=history, passages=passages, near=near, q=q, kinds=KINDS,
        hit=[n for n, pieces in enumerate(passages) if any(hit for _, hit in pieces)], mine=may_see(current_person(), row.region),
        old=row.version != history[0].version,
    )  # fmt: skip


@bp.route("/library/add", methods=["GET", "POST"])
@needs("editor")
def add() -> str | AnyResponse | tuple[str, int]:
    """The form of a new text: written, pasted or read from a file."""
    me = current_person()
    if request.method == "GET":
        return _form(rules.Draft("", "policy", "", me.region, "", "", ""), [])
    return _save(None)


@bp.route("/library/texts/<text_id>/edit", methods=["GET", "POST"])
@needs("editor")
def edit(text_id: str) -> str | AnyResponse | tuple[str, int]:
    """The same form for a new wording. What was typed is never lost."""
    with db().read() as connection:
        row = store.find(connection, text_id)
    must_see(current_person(), row.region)
    if row.withdrawn:
        raise Problem("library.withdrawn")
    if request.method == "GET":
        return _form(rules.Draft(**{name: getattr(row, name) for name in rules.FIELDS}), [], text_id, row.version)
    return _save(text_id)


@bp.post("/library/texts/<text_id>/withdraw")
@needs("editor")
def withdraw(text_id: str) -> AnyResponse:
    """Take a text out of the search, for a stated reason."""
    me, reason = current_person(), request.form.get("reason", "").strip()[:200]
    if not reason or rules.personal(reason):
        raise Problem("library.reason")
    with db().write() as connection:
        must_see(me, store.find(connection, text_id).region)
        store.withdraw(connection, text_id, reason, me.id, me.name)
    flash("已撤下，查不到了；要恢复，请到“撤下的资料”。", "ok")
    return redirect(url_for("library.text", text_id=text_id))


@bp.post("/library/texts/<text_id>/restore")
@needs("editor")
def restore(text_id: str) -> AnyResponse:
    """Bring a withdrawn text back."""
    me = current_person()
    with db().write() as connection:
        must_see(me, store.find(connection, text_id).region)
        store.restore(connection, text_id, me.id, me.name)
    flash("已恢复，现在又查得到了。", "ok")
    return redirect(url_for("library.text", text_id=text_id))


def _save(text_id: str | None) -> str | AnyResponse | tuple[str, int]:
    me, form, version = current_person(), request.form, request.form.get("version", 0, type=int)
    draft, faults = _typed()
    if form.get("act") == "mask":
        draft = rules.Draft(**asdict(draft) | {"body": rules.without_personal(draft.body)})
    today = datetime.now(UTC).astimezone(BEIJING).date().isoformat()
    faults += rules.faults(draft, [region["code"] for region in _regions()], today) if not faults else []
    found = rules.personal(draft.body)
    if found:
        problem = Problem("library.personal", places=rules.where(draft.body, found))
        return _form(draft, [*faults, ("body", problem.sentence)], text_id, version, masking=True), problem.kind.status
    if faults:
        return _form(draft, faults, text_id, version), 422
    must_see(me, draft.region)
    try:
        with db().read() as connection:
            twins = [] if form.get("act") == "anyway" else _twins(connection, text_id, draft)
        if twins:
            return _form(draft, [], text_id, version, twins=twins), 409
        with db().write() as connection:
            if text_id is None:
                text_id = store.add(connection, draft, me.id, me.name)
            else:
                must_see(me, store.find(connection, text_id).region)
                store.change(connection, text_id, version, draft, me.id, me.name)
    except Problem as problem:
        if not problem.code.startswith("library."):
            raise
        return _form(draft, [("body", problem.sentence + problem.kind.next)], text_id, version), problem.kind.status
    flash("已保存，马上就能查到。", "ok")
    return redirect(url_for("library.text", text_id=text_id))


def _typed() -> tuple[rules.Draft, list[tuple[str, str]]]:
    """The text that the form says, its body from the file when there is one; and what is wrong with the file."""
    form, file = request.form, request.files.get("file")
    one_line = {name: " ".join(rules.clean(form.get(name, "")).split()) for name in rules.FIELDS if name != "body"}
    body, faults = rules.clean(form.get("body", "")), []
    if file is not None and file.filename:
        try:
            if body.strip() and form.get("act") != "mask":
                raise Problem("library.file", reason="正文和文件只要一样，请清空正文或不选文件")
            data = file.stream.read(_settings().library_file_limit + 1)
            if len(data) > _settings().library_file_limit:
                raise Problem("library.file", reason=f"文件超过 {_settings().library_file_limit // 1_048_576} MB")
            body = extract.text_of(file.filename, data)
        except Problem as problem:
            faults.append(("file", problem.sentence + problem.kind.next))
        if not one_line["title"]:
            one_line["title"] = rules.clean(file.filename).rsplit(".", 1)[0].strip()[:120]
    return rules.Draft(**one_line, body=body), faults


def _twins(connection: Connection, text_id: str | None, draft: rules.Draft) -> list[tuple[index.Alike, int]]:
    """(text, percent of the wording in common) of those that may be the same text."""
    mine = rules.shingles(words.fold(draft.body))
    near = index.Shelf(_settings(), connection).alike(f"text:{text_id}", draft.title, draft.body, most=10, items=False)
    found = [(one, rules.common(mine, rules.shingles(words.fold(store.find(connection, one.id).body)))) for one in near]
    return [(one, round(share * 100)) for one, share in found if share >= rules.ALIKE]


def _form(
    draft: rules.Draft, faults: list[tuple[str, str]], text_id: str | None = None, version: int = 0,
    masking: bool = False, twins: list[tuple[index.Alike, int]] | None = None,
) -> str:  # fmt: skip
    me = current_person()
    regions = [region for region in _regions() if may_see(me, region["code"])]
    return render_template(
        "library/form.html", d=draft, faults=faults, text_id=text_id, version=version, masking=masking, twins=twins or [],
        kinds=rules.KINDS, labels=rules.FIELDS | {"file": "文件"}, regions=regions, longest=rules.LONGEST,
        largest=_settings().library_file_limit // 1_048_576,
    )  # fmt: skip


def _regions() -> list[dict[str, Any]]:
    regions: list[dict[str, Any]] = current_app.extensions["jjb_regions"]
    return regions


def _settings() -> Settings:
    settings: Settings = current_app.extensions["jjb_settings"]
    return settings
