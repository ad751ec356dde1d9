"""Pages of service points and devices, and the door where a device enrols."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import segno
from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from sqlalchemy import Connection, Row
from werkzeug.wrappers import Response as AnyResponse

from app import clock
from app.accounts.guard import Person, current_person, must_see, needs
from app.db import db
from app.keys import letters, public_keys, trust
from app.knowledge import releases
from app.limits import enrol_limit, limiter
from app.pages import csv_file
from app.places import orders, rules, store
from app.problems import Problem

bp = Blueprint("places", __name__, template_folder="templates")


@bp.post("/enrol")
@limiter.limit(enrol_limit)
def enrol() -> Response:
    """A village page registers its public key with a one-time code (PROTOCOL.md, enrolment)."""
    data = request.get_json(silent=True)
    if not isinstance(data, dict) or not isinstance(data.get("code"), str):
        raise Problem("request.format", field="code")
    with db().write() as connection:
        device = store.enrol(connection, data["code"], data.get("public_key") or {}, str(data.get("browser", "")))
    settings = current_app.extensions["jjb_settings"]
    told = letters(settings)
    names = current_app.extensions["jjb_region_names"]
    point = {
        "id": device.point,
        "name": device.point_name,
        "region": device.region,
        "region_name": names[device.region],
    }
    reply = {
        "device": device.id,
        "letters": device.letters,
        "point": point,
        "release_keys": public_keys(settings),
        "root": base64.b64encode(trust(settings).root).decode(),
        "key_letters": [msgspec.to_builtins(one) for one in told[-1:]],
        "server_time": clock.now(),
    }
    return make_response(jsonify(reply), 201)


@bp.get("/places/")
@needs("manager", "inspector", "lead")
def points() -> str:
    """Service points in my subtree."""
    return _points_page()


def _points_page(problem: Problem | None = None) -> str:
    """The list and the form under it; after a problem the form still holds what was typed."""
    me = current_person()
    with db().read() as connection:
        found = store.points(connection, me.region)
        devices = store.devices(connection)
    return render_template(
        "places/points.html",
        points=found,
        devices=devices,
        me=me,
        regions=_regions(),
        form=request.form,
        problem=problem,
    )


CORRECTABLE = ("form.field", "place.exists")
"""Problems that the person puts right in the form itself."""


def _again(problem: Problem, page: Callable[[Problem], str]) -> tuple[str, int]:
    """The form once more with what is wrong; any other problem goes its usual way."""
    if problem.code not in CORRECTABLE:
        raise problem
    return page(problem), problem.kind.status


@bp.post("/places/")
@needs("manager")
def add() -> AnyResponse | tuple[str, int]:
    """Add a service point."""
    me = current_person()
    try:
        values = _new_point()
        must_see(me, values["region"])
        with db().write() as connection:
            store.add_point(connection, values, me.id)
    except Problem as problem:
        return _again(problem, _points_page)
    flash(f"已添加服务点 {values['name']}。", "ok")
    return redirect(url_for("places.point", point_id=values["id"]))


def _new_point() -> dict[str, str]:
    values = _described()
    values |= {"id": request.form.get("id", "").strip().lower(), "region": request.form.get("region", "")}
    if not re.fullmatch(r"[a-z][a-z0-9]{1,29}", values["id"]):
        raise Problem("form.field", field="代号用 2 到 30 个小写字母或数字，字母开头")
    if values["region"] not in current_app.extensions["jjb_region_names"]:
        raise Problem("form.field", field="所在地要从列表里选")
    return values


@bp.route("/places/<point_id>", methods=["GET", "POST"])
@needs("manager", "inspector", "lead")
def point(point_id: str) -> str | AnyResponse | tuple[str, int]:
    """One service point: description, devices, enrolment codes."""
    me = current_person()
    with db().read() as connection:
        found = store.point(connection, point_id)
        must_see(me, found.region)
        devices = store.devices(connection, point_id)

    def page(problem: Problem | None = None) -> str:
        form = request.form if problem else found
        return render_template("places/point.html", point=found, devices=devices, me=me, form=form, problem=problem)

    if request.method == "GET":
        return page()
    if not me.has("manager"):
        raise Problem("access.denied")
    try:
        with db().write() as connection:
            store.change_point(connection, point_id, _described(), me.id)
    except Problem as problem:
        return _again(problem, page)
    flash("已保存。", "ok")
    return redirect(url_for("places.point", point_id=point_id))


@bp.post("/places/<point_id>/code")
@needs("manager")
def code(point_id: str) -> str:
    """Issue a one-time enrolment code; it is shown on this page and never again."""
    me, settings = current_person(), current_app.extensions["jjb_settings"]
    with db().write() as connection:
        found = store.point(connection, point_id)
        must_see(me, found.region)
        text, expires = store.issue_code(connection, point_id, settings.enrol_code_minutes, me.id)
    address = settings.public_url + "/village/"
    picture = segno.make(f"{address}#/enrol?code={text}", error="m").svg_data_uri(scale=5)
    return render_template(
        "places/code.html", point=found, code=text, expires=expires, address=address, picture=picture,
        minutes=settings.enrol_code_minutes,
    )  # fmt: skip


@bp.get("/devices/")
@needs("manager", "inspector", "lead")
def devices() -> str:
    """Every device of my subtree: what it last said of itself, and what it was asked to do."""
    asked, rows, names = _devices()
    points = [{"id": key, "name": name} for key, name in names.items()]
    return render_template(
        "places/devices.html",
        rows=rows,
        names=names,
        points=points,
        asked=asked,
        shows=rules.SHOWS,
        order_word=_order_word,
    )


@bp.get("/devices/table.csv")
@needs("manager", "inspector", "lead")
def devices_csv() -> Response:
    """The same list as a file."""
    asked, rows, names = _devices()
    head = ["名称", "编号", "服务点", "最后联系", "知识", "待传", "没收下", "答案", "时钟", "存储", "程序", "状态"]
    agree = {None: "还不知道", True: "一致", False: "不一致"}
    table = [
        [
            d["name"], d["id"], names[d["point"]], d["last_contact"] or "还没有", d["release_word"], d["waiting"], d["refused"],
            agree[d["answers_agree"]], d["clock_word"], d["disk_word"], d["program_word"],
            "已停用" if d["revoked_at"] else "；".join(_order_word(one, names) for one in d["orders"]) or "在用",
        ]
        for d in rows
    ]  # fmt: skip
    return csv_file(f"devices-{asked['show']}.csv", head, table)


def _devices() -> tuple[dict[str, str], list[dict[str, Any]], dict[str, str]]:
    """What was asked for, the devices with their words, and the names of my points."""
    show, point_id = request.args.get("show", "all"), request.args.get("point", "")
    asked = {"show": show if show in rules.SHOWS else "all", "point": point_id}
    now = clock.parse(clock.now())
    with db().read() as connection:
        names = {row.id: row.name for row in store.points(connection, current_person().region)}
        newest = _newest(connection)
        waiting = orders.open_orders(connection)
        found = [row for row in store.device_states(connection) if row["point"] in names]
    rows = [_told(row, waiting, newest) for row in found if point_id in ("", row["point"])]
    return asked, [row for row in rows if rules.shown_in(asked["show"], row, newest, now)], names


def _newest(connection: Connection) -> int:
    release = releases.newest(connection)
    return release.number if release else 0


def _told(row: dict[str, Any], waiting: Sequence[Row[Any]], newest: int) -> dict[str, Any]:
    """A device with its open orders and the words of a list."""
    return {
        **row,
        "orders": [one for one in waiting if one.device == row["id"]],
        "release_word": rules.release_word(row["release"], newest),
        "clock_word": rules.clock_word(row["clock_skew_s"]),
        "disk_word": rules.disk_word(row["disk_used"], row["disk_free"]),
        "program_word": rules.program_word(row["app"], row["proto"]),
    }


def _order_word(one: Row[Any], names: Mapping[str, str]) -> str:
    if one.kind == "resend":
        return f"等它从第 {one.seq} 条起重传"
    return f"等它换到 {names.get(one.point, one.point)}"


@bp.get("/places/device/<device_id>")
@needs("manager", "inspector", "lead")
def device_page(device_id: str) -> str:
    """One device, and what it can be asked to do."""
    me = current_person()
    with db().read() as connection:
        must_see(me, store.device_by_id(connection, device_id).region)
        names = {row.id: row.name for row in store.points(connection, me.region)}
        row = next(one for one in store.device_states(connection) if one["id"] == device_id)
        told = _told(row, orders.open_orders(connection, device_id), _newest(connection))
    points = [{"id": key, "name": name} for key, name in names.items()]
    return render_template("places/device.html", d=told, names=names, points=points, me=me, order_word=_order_word)


@bp.post("/places/device/<device_id>")
@needs("manager")
def device(device_id: str) -> AnyResponse:
    """Rename, revoke, move a device, or ask it to send again; all but the name with a reason and a second look."""
    me, act = current_person(), request.form.get("act", "")
    with db().write() as connection:
        found = store.device_by_id(connection, device_id)
        must_see(me, found.region)
        if act in ACTS:
            reason = request.form.get("reason", "").strip()
            if not reason:
                raise Problem("request.format", field="理由")
            if request.form.get("sure") != "yes":
                raise Problem("request.format", field="核对")
            flash(ACTS[act](connection, found, reason[:200], me), "ok")
            return redirect(url_for("places.device_page", device_id=device_id))
        name = request.form.get("name", "").strip()
        if not 1 <= len(name) <= 40:
            raise Problem("request.format", field="名称")
        store.rename(connection, device_id, name, me.id)
        flash("已改名。", "ok")
    return redirect(url_for("places.point", point_id=found.point))


def _revoke(connection: Connection, found: Row[Any], reason: str, me: Person) -> str:
    store.revoke(connection, found.id, reason, me.id)
    return f"已停用 {found.name}。它下次联系时清除本机的个人资料。"


def _move(connection: Connection, found: Row[Any], reason: str, me: Person) -> str:
    target = store.point(connection, request.form.get("target", ""))
    must_see(me, target.region)
    orders.move(connection, found.id, target.id, reason, me.id)
    return f"已安排。{found.name} 下次联系时换到 {target.name}。"


def _resend(connection: Connection, found: Row[Any], reason: str, me: Person) -> str:
    start = request.form.get("start", "")
    if not re.fullmatch(r"[1-9]\d{0,8}", start):
        raise Problem("request.format", field="从第几条起")
    orders.resend(connection, found.id, int(start), reason, me.id)
    return f"已安排。{found.name} 下次联系时从第 {start} 条起重传。"


ACTS = {"revoke": _revoke, "move": _move, "resend": _resend}


@bp.post("/places/order/<int:order_id>/drop")
@needs("manager")
def drop_order(order_id: int) -> AnyResponse:
    """Take back an order that was not carried out yet."""
    me = current_person()
    with db().write() as connection:
        dropped = orders.drop(connection, order_id, me.id)
        must_see(me, store.device_by_id(connection, dropped.device).region)
    flash("已取消。", "ok")
    return redirect(url_for("places.device_page", device_id=dropped.device))


def _described() -> dict[str, str]:
    values = {name: request.form.get(name, "").strip() for name in ("name", "address", "hours", "phone")}
    if not 1 <= len(values["name"]) <= 60:
        raise Problem("form.field", field="名称要填，不超过 60 字")
    if any(len(text) > 200 for text in values.values()):
        raise Problem("form.field", field="每项不超过 200 字")
    return values


def _regions() -> list[dict[str, str]]:
    regions: list[dict[str, str]] = current_app.extensions["jjb_regions"]
    return regions
