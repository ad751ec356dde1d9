"""Pages of knowledge upkeep, and the packs that carry releases to the villages."""

from __future__ import annotations

import json
import re
from typing import Any

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, send_file, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response as AnyResponse

from app.accounts.guard import current_person, needs
from app.answering.asking import asking
from app.bus import bus
from app.db import db
from app.guiding import rules as guiding
from app.knowledge import forms, gaps, golden, graph, publish, releases, rules, store, voicing
from app.library import near
from app.problems import Problem
from app.settings import Settings
from datasets.checks import NECESSITIES, check_item
from datasets.flow_checks import check_flow, check_targets
from datasets.flow_text import write
from datasets.rows import LISTS, Document
from datasets.sources import read

bp = Blueprint("knowledge", __name__, template_folder="templates")
bp.register_blueprint(voicing.bp)

READERS = ("editor", "reviewer", "manager", "lead", "agent", "publisher", "inspector")
GROUPS = 100
"""Groups of unanswered questions on one page."""
DECISIONS = {
    "answer": "直接回答",
    "clarify": "请对方选",
    "redirect": "指到别处",
    "refuse": "不能代查",
    "handoff": "转人工",
}
SPARE = 2
"""Empty rows offered after the filled ones, so that the form works without script."""


@bp.get("/packs/<name>.pack")
def pack(name: str) -> Response:
    """A pack by the hash of its bytes: immutable, with Range (RFC 9110 §14), no Content-Encoding. An open door."""
    path = releases.pack_file(_settings(), name)
    if not re.fullmatch(r"[0-9a-f]{64}", name) or not path.is_file():
        raise Problem("request.missing")
    response = send_file(
        path.resolve(), mimetype="application/octet-stream", etag=name, max_age=31536000, conditional=True
    )
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


@bp.get("/knowledge/")
@needs(*READERS)
def home() -> str:
    """待我处理, and the items with a search."""
    me = current_person()
    with db().read() as connection:
        release = releases.in_force(connection)
        mine = [one for one in store.editions(connection, author=me.id) if one.state in ("draft", "rejected")]
        submitted = store.editions(connection, state="submitted")
        approved = store.editions(connection, state="approved")
    documents = _documents(release)
    q = request.args.get("q", "").strip()
    found = [d for d in documents.values() if q in d["name"] + "".join(d["aliases"]) + d["department"]]
    return render_template(
        "knowledge/home.html", mine=mine, submitted=submitted, approved=approved, release=release, items=found, q=q,
        names={slug: d["name"] for slug, d in documents.items()}, states=rules.STATES, domains=_codes("domain", release),
    )  # fmt: skip


@bp.get("/knowledge/items/<slug>")
@needs(*READERS)
def item(slug: str) -> str:
    """An item as it is in force, with its editions."""
    with db().read() as connection:
        release = releases.in_force(connection)
        history = store.editions(connection, item=slug)
        document = releases.document_of(releases.file_of(_settings(), release.number), slug)
        alike = near.near_item(_settings(), connection, document)
    fields = [
        (label, rules.field_in_words(name, document[name])) for name, label in rules.LABELS.items() if name != "flow"
    ]
    return render_template(
        "knowledge/item.html", document=document, fields=fields, history=history, states=rules.STATES, release=release,
        picture=graph.draw(document["flow"]), alike=alike, kinds=near.KIND_WORDS,
    )  # fmt: skip


@bp.route("/knowledge/items/<slug>/edit", methods=["GET", "POST"])
@needs("editor")
def edit(slug: str) -> str | AnyResponse | tuple[str, int]:
    """The edit form. What was typed is never lost: on a fault, or when somebody saved in between, it is shown again."""
    me = current_person()
    with db().read() as connection:
        release = releases.in_force(connection)
        current = store.open_edition(connection, slug)
    in_force = releases.document_of(releases.file_of(_settings(), release.number), slug)
    base = json.loads(current.document) if current else in_force
    if request.method == "GET":
        if current and (current.author != me.id or current.state not in ("draft", "rejected")):
            return redirect(url_for("knowledge.edition", edition_id=current.id))
        return _form(base, current.version if current else 0, [], current, release)
    version = request.form.get("version", 0, type=int)
    document = forms.document_from(request.form, in_force)
    faults = [*forms.unreadable(request.form), *check_item(document, read().codes)]
    faults += check_targets(document, set(releases.item_names(releases.file_of(_settings(), release.number))))
    if faults:
        return _form(document, version, faults, current, release), 422
    note = request.form.get("note", "").strip()[:500]
    try:
        with db().write() as connection:
            edition_id, _ = store.save(connection, document, release.number, version, me.id, me.name)
            if request.form.get("act") == "submit":
                store.act(connection, edition_id, "submit", me.id, me.name, note)
    except Problem as problem:
        return _form(
            document,
            version,
            [("note" if problem.code == "knowledge.note" else "-", problem.sentence + problem.kind.next)],
            current,
            release,
        ), problem.kind.status
    flash("已提交审核。" if request.form.get("act") == "submit" else "草稿已保存。", "ok")
    return redirect(url_for("knowledge.edition", edition_id=edition_id))


@bp.get("/knowledge/items/<slug>/walk")
@needs(*READERS)
def dry_run(slug: str) -> str:
    """走一走: the guided flow of the draft on its way, else of the item in force; `?a=` answers, `?q=` a villager's words."""
    with db().read() as connection:
        release = releases.in_force(connection)
        current = store.open_edition(connection, slug)
    path = releases.file_of(_settings(), release.number)
    document = json.loads(current.document) if current else releases.document_of(path, slug)
    q = request.args.get("q", "").strip()[:200]
    picks = guiding.picks_from(request.args.get("a", ""))
    page = guiding.page(document, releases.purposes_of(path), picks, [], q)
    return render_template(
        "knowledge/walk.html", document=document, page=page, q=q, current=current, release=release,
        names=releases.item_names(path), states=rules.STATES,
    )  # fmt: skip


def _form(
    document: Document, version: int, faults: list[tuple[str, str]], current: Any, release: releases.Release
) -> str:
    with db().read() as connection:
        alike = near.near_item(_settings(), connection, document)
    codes = {name: _codes(name, release) for name in ("domain", "task_type", "project_type", "use_level")}
    return render_template(
        "knowledge/edit.html", d=document, version=version, faults=faults, labels=rules.LABELS, codes=codes, spare=SPARE,
        lists=LISTS, necessities=NECESSITIES, current=current, flow_text=request.form.get("flow", write(document["flow"])),
        picture=graph.draw(document["flow"]) if not check_flow(document) else None, note=request.form.get("note", current.note if current else ""),
        alike=alike, kinds=near.KIND_WORDS,
    )  # fmt: skip


@bp.get("/knowledge/editions/<edition_id>")
@needs(*READERS)
def edition(edition_id: str) -> str:
    """One edition: what it changes, and what may be done with it."""
    with db().read() as connection:
        found = store.find(connection, edition_id)
        release = releases.in_force(connection)
    base = releases.document_of(releases.file_of(_settings(), found.base_release), found.item)
    document = json.loads(found.document)
    return render_template(
        "knowledge/edition.html", one=found, document=document, changes=rules.changes(base, document), states=rules.STATES,
        release=release,
    )  # fmt: skip


@bp.post("/knowledge/editions/<edition_id>/<name>")
@needs("editor", "reviewer")
def act(edition_id: str, name: str) -> AnyResponse:
    """submit or withdraw (its editor), approve or reject (a reviewer who did not write it)."""
    me = current_person()
    if name not in ("submit", "withdraw", "approve", "reject"):
        raise Problem("request.missing")
    if not me.has("reviewer" if name in ("approve", "reject") else "editor"):
        raise Problem("access.denied")
    with db().write() as connection:
        store.act(connection, edition_id, name, me.id, me.name, request.form.get("note", "").strip()[:500])
    words = {"submit": "已提交审核。", "withdraw": "已撤回。", "approve": "已通过，等待发布。", "reject": "已退回。"}
    flash(words[name], "ok")
    return redirect(url_for("knowledge.edition", edition_id=edition_id))


@bp.get("/knowledge/releases")
@needs(*READERS)
def release_page() -> str:
    """What goes out next, and every release so far."""
    return _release_page([])


def _examined(connection: Connection) -> tuple[list[str], list[golden.Worse]]:
    """(editions of the next release, questions it would answer worse)."""
    settings = _settings()
    ids, documents = store.candidate(connection, settings)
    pinned = gaps.pinned(connection)
    return ids, golden.examine(settings, *releases.pair_in_force(connection), documents, pinned)


def _release_page(worse: list[golden.Worse]) -> str:
    with db().read() as connection:
        words = releases.every(connection, releases.LINGUA)
        every = releases.every(connection)
        approved = store.editions(connection, state="approved")
    documents = _documents(every[0]) if every else {}
    pending = [(one, rules.changes(documents.get(one.item, {}), json.loads(one.document))) for one in approved]
    sizes = {one.number: json.loads(one.manifest)["packs"] for one in every}
    return render_template(
        "knowledge/releases.html", every=every, pending=pending, sizes=sizes, worse=worse, words=words,
        names={slug: document["name"] for slug, document in documents.items()},
        word_sizes={one.number: json.loads(one.manifest)["packs"] for one in words},
    )  # fmt: skip


@bp.post("/knowledge/lingua")
@needs("reviewer")
def lingua() -> AnyResponse:
    """Train anew on the ways of asking in force, and issue the next lingua release."""
    me, note = current_person(), request.form.get("note", "").strip()[:500]
    if not note:
        raise Problem("knowledge.note")
    with db().write() as connection:
        issued = publish.publish_lingua(connection, _settings(), note, me.id)
    bus().publish("release", issued.number)
    flash(f"问答词库第 {issued.number} 版已发布，各服务点下次同步时收到。", "ok")
    return redirect(url_for("knowledge.release_page"))


@bp.get("/knowledge/try")
@needs(*READERS)
def hit_test() -> str:
    """试一试: what a question answers now, and would answer with the drafts on their way."""
    q = request.args.get("q", "").strip()[:200]
    settings = _settings()
    with db().read() as connection:
        current, words = releases.in_force(connection), releases.newest(connection, releases.LINGUA)
        drafts = [one for state in rules.OPEN for one in store.editions(connection, state=state)]
        pinned = gaps.pins(connection)
    number = words.number if words else None
    documents = releases.documents_of(releases.file_of(settings, current.number))
    names = {slug: document["name"] for slug, document in documents.items()}
    now = after = None
    if q:
        with asking(settings, current.number, number) as asker:
            now = asker.ask(q)
        documents |= {one.item: json.loads(one.document) for one in drafts}
        if drafts:
            with golden.as_if(settings, documents.values(), number) as asker:
                after = asker.ask(q)
    return render_template(
        "knowledge/try.html", q=q, now=now, after=after, drafts=drafts, names=names, pinned=pinned,
        release=current, words=words, decisions=DECISIONS,
    )  # fmt: skip


@bp.post("/knowledge/pins")
@needs("reviewer", "editor")
def pins() -> AnyResponse:
    """Pin a question to its item, or let it go."""
    me, text = current_person(), request.form.get("text", "")
    with db().write() as connection:
        if request.form.get("act") == "drop":
            gaps.drop_pin(connection, text)
        else:
            gaps.add_pin(connection, text, request.form.get("item", ""), me.id)
    flash("已放开。" if request.form.get("act") == "drop" else "已钉住：以后发布不能让它答错。", "ok")
    return redirect(url_for("knowledge.hit_test", q=text))


@bp.get("/knowledge/gaps")
@needs(*READERS)
def gap_page() -> str:
    """没答上来的问题, gathered by what they are about, the most asked first."""
    with db().read() as connection:
        release = releases.in_force(connection)
        found = gaps.groups(gaps.open_gaps(connection))
    names = {slug: document["name"] for slug, document in _documents(release).items()}
    return render_template("knowledge/gaps.html", groups=found[:GROUPS], more=max(0, len(found) - GROUPS), names=names)


@bp.post("/knowledge/gaps")
@needs("editor")
def settle_gap() -> AnyResponse:
    """Take a question as a way of asking for an item (into a draft of mine), or drop the group."""
    me, form = current_person(), request.form
    numbers = [int(one) for one in form.getlist("seq") if one.isdecimal()]
    text, slug = form.get("text", "").strip()[:200], form.get("item", "")
    if not numbers or (form.get("act") != "drop" and not (text and slug)):
        raise Problem("request.format", field="事项")
    with db().write() as connection:
        if form.get("act") == "drop":
            gaps.settle(connection, numbers, "dropped", me.id)
            flash("已从列表去掉。", "ok")
            return redirect(url_for("knowledge.gap_page"))
        release = releases.in_force(connection)
        current = store.open_edition(connection, slug)
        in_force = releases.document_of(releases.file_of(_settings(), release.number), slug)
        document = json.loads(current.document) if current else in_force
        if text not in document["phrasings"]:
            document["phrasings"] = [*document["phrasings"], text]
        edition_id, _ = store.save(
            connection, document, release.number, current.version if current else 0, me.id, me.name
        )
        gaps.settle(connection, numbers, "used", me.id)
    flash(f"已加进“{in_force['name']}”的群众问法草稿，提交审核后发布。", "ok")
    return redirect(url_for("knowledge.edition", edition_id=edition_id))


@bp.post("/knowledge/releases")
@needs("reviewer")
def release() -> AnyResponse | tuple[str, int]:
    """Issue the next release, or roll back by issuing an old content anew."""
    me, note = current_person(), request.form.get("note", "").strip()[:500]
    if not note:
        raise Problem("knowledge.note")
    back_to = request.form.get("back_to")
    examined = None
    if back_to is None:
        with db().read() as connection:
            examined, worse = _examined(connection)
        if worse:
            return _release_page(worse), 409
    with db().write() as connection:
        if back_to is None:
            issued = store.release(connection, _settings(), note, me.id, examined)
        elif back_to.isdecimal():
            issued = store.roll_back(connection, _settings(), int(back_to), note, me.id)
        else:
            raise Problem("request.format", field="版本")
    bus().publish("release", issued.number)
    flash(f"知识第 {issued.number} 版已发布，各服务点下次同步时收到。", "ok")
    return redirect(url_for("knowledge.release_page"))


def _settings() -> Settings:
    settings: Settings = current_app.extensions["jjb_settings"]
    return settings


def _documents(release: releases.Release) -> dict[str, Document]:
    return releases.documents_of(releases.file_of(_settings(), release.number))


def _codes(name: str, release: releases.Release) -> dict[str, str]:
    return releases.codes_of(releases.file_of(_settings(), release.number), name)
