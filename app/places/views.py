"""Pages of service points and devices, and the door where a device enrols."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable

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
from werkzeug.wrappers import Response as AnyResponse

from app import clock
from app.accounts.guard import current_person, must_see, needs
from app.db import db
from app.keys import release_key
from app.limits import enrol_limit, limiter
from app.places import store
from app.problems import Problem
from sync import manifest

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
    public = manifest.public_bytes(release_key(current_app.extensions["jjb_settings"]))
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
        "release_keys": {manifest.key_id(public): base64.b64encode(public).decode()},
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


@bp.post("/places/device/<device_id>")
@needs("manager")
def device(device_id: str) -> AnyResponse:
    """Rename or revoke a device."""
    me = current_person()
    with db().write() as connection:
        found = store.device_by_id(connection, device_id)
        must_see(me, found.region)
        if request.form.get("act") == "revoke":
            reason = request.form.get("reason", "").strip()
            if not reason:
                raise Problem("request.format", field="停用原因")
            store.revoke(connection, device_id, reason[:200], me.id)
            flash(f"已停用 {found.name}。它下次联系时会收到通知。", "ok")
        else:
            name = request.form.get("name", "").strip()
            if not 1 <= len(name) <= 40:
                raise Problem("request.format", field="名称")
            store.rename(connection, device_id, name, me.id)
            flash("已改名。", "ok")
    return redirect(url_for("places.point", point_id=found.point))


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
