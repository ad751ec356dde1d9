"""Log-in, passwords, and the page of people."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_security import login_user, logout_user, verify_password
from sqlalchemy import select
from werkzeug.wrappers import Response

from app.accounts import store
from app.accounts.guard import current_person, logged_in, must_see, needs, user_proved
from app.accounts.rules import ROLES, home_of, local_path, password_fault
from app.db import db
from app.limits import limiter, login_limit
from app.problems import Problem

bp = Blueprint("accounts", __name__, template_folder="templates")


@bp.route("/login", methods=["GET", "POST"])
@limiter.limit(login_limit, methods=["POST"])
def login() -> str | Response | tuple[str, int]:
    """The log-in page; after it each role lands on its own home, or where it wanted to go."""
    target = local_path(request.values.get("next"))
    if request.method == "GET":
        if logged_in():
            return redirect(target or home_of(current_person().roles))
        return render_template("accounts/login.html", next=target, username="", problem=None)
    username = request.form.get("username", "").strip()
    try:
        known = user_proved(username, request.form.get("password", ""))
    except Problem as problem:
        page = render_template("accounts/login.html", next=target, username=username, problem=problem)
        return page, problem.kind.status
    login_user(known, authn_via=["password"])
    return redirect(target or home_of(known.as_person().roles))


@bp.post("/logout")
def logout() -> Response:
    """End the session on this computer."""
    logout_user()
    return redirect(url_for("portal.front"))


@bp.route("/accounts/first/<token>", methods=["GET", "POST"])
@limiter.limit(login_limit, methods=["POST"])
def first_login(token: str) -> str | Response | tuple[str, int]:
    """Set a first (or new) password through a one-time link."""
    with db().read() as connection:
        found = store.person_of_link(connection, token)
    if request.method == "GET":
        return render_template(
            "accounts/password.html", name=found.name, username=found.username, first=True, problem=None
        )
    password = request.form.get("password", "")
    problem = _refused(password, request.form.get("again", ""), found.username)
    if problem:
        page = render_template(
            "accounts/password.html", name=found.name, username=found.username, first=True, problem=problem
        )
        return page, problem.kind.status
    with db().write() as connection:
        store.use_link(connection, token, password)
    flash("密码已设好，请登录。", "ok")
    return redirect(url_for("accounts.login"))


@bp.route("/accounts/password", methods=["GET", "POST"])
def password() -> str | Response | tuple[str, int]:
    """Change one's own password; other sessions end."""
    person = current_person()
    user = current_app.extensions["jjb_security"].datastore.find_user(id=person.id)
    page = {"name": person.name, "username": user.username, "first": False}
    if request.method == "GET":
        return render_template("accounts/password.html", **page, problem=None)
    new = request.form.get("password", "")
    problem: Problem | None = None
    if not verify_password(request.form.get("old", ""), user.password):
        problem = Problem("person.password", reason="原密码不对")
    problem = problem or _refused(new, request.form.get("again", ""), user.username)
    if problem:
        return render_template("accounts/password.html", **page, problem=problem), problem.kind.status
    with db().write() as connection:
        store.set_password(connection, person.id, new, person.id)
    flash("密码已换好，请重新登录。", "ok")
    return redirect(url_for("accounts.login"))


def _refused(password: str, again: str, username: str) -> Problem | None:
    fault = "两次输入的密码不一样" if password != again else password_fault(password, username)
    return Problem("person.password", reason=fault) if fault else None


@bp.get("/accounts/people")
@needs("manager")
def people() -> str:
    """People in my subtree."""
    return _people_page()


CORRECTABLE = ("form.field", "person.last_admin", "person.username")
"""Problems that the person puts right in the form itself."""


def _again(problem: Problem, page: Callable[[Problem], str]) -> tuple[str, int]:
    """The form once more with what is wrong; any other problem goes its usual way."""
    if problem.code not in CORRECTABLE:
        raise problem
    return page(problem), problem.kind.status


def _people_page(problem: Problem | None = None) -> str:
    """The list and the form under it; after a problem the form still holds what was typed."""
    me = current_person()
    with db().read() as connection:
        found = store.people(connection, me.region)
    wanted = request.args.get("q", "").strip()
    shown = [one for one in found if wanted in one["name"] or wanted in one["username"]]
    held = set(request.form.getlist("roles"))
    return render_template(
        "accounts/people.html", people=shown, roles=ROLES, q=wanted, regions=_regions(), me=me, form=request.form,
        held=held, problem=problem,
    )  # fmt: skip


@bp.post("/accounts/people")
@needs("admin")
def add() -> Response | tuple[str, int]:
    """Add a person; shows the one-time link for their first log-in."""
    me = current_person()
    try:
        form, username = _form(), _username()
        with db().write() as connection:
            new_id = store.add_person(connection, username, form.name, form.roles, form.region, me.id)
            token = store.issue_link(connection, new_id, me.id)
    except Problem as problem:
        return _again(problem, _people_page)
    flash(f"已添加 {form.name}。首次登录链接（24 小时内有效，只显示这一次）：{_link(token)}", "ok")
    return redirect(url_for("accounts.people"))


def _username() -> str:
    username = request.form.get("username", "").strip().lower()
    if not username.isascii() or not username.isalnum() or not 2 <= len(username) <= 40:
        raise Problem("form.field", field="登录名用 2 到 40 个小写字母或数字")
    return username


@bp.route("/accounts/people/<person_id>", methods=["GET", "POST"])
@needs("admin")
def person(person_id: str) -> str | Response | tuple[str, int]:
    """One person: name, roles, region, lock, new link."""
    me = current_person()
    with db().read() as connection:
        found = connection.execute(select(store.person).where(store.person.c.id == person_id)).mappings().first()
        held = connection.execute(select(store.person_role.c.role).where(store.person_role.c.person_id == person_id))
        roles = set(held.scalars())
    if found is None:
        raise Problem("request.missing")
    must_see(me, found["region"])

    def page(problem: Problem | None = None) -> str:
        form = {**request.form, "active": request.form.get("active") == "yes"} if problem else found
        held = set(request.form.getlist("roles")) if problem else roles
        return render_template(
            "accounts/person.html", one=found, form=form, held=held, roles=ROLES, regions=_regions(), problem=problem
        )

    if request.method == "GET":
        return page()
    if request.form.get("act") == "link":
        with db().write() as connection:
            token = store.issue_link(connection, person_id, me.id)
        flash(f"{found['name']} 的首次登录链接（24 小时内有效，只显示这一次）：{_link(token)}", "ok")
    else:
        try:
            form, active = _form(), request.form.get("active") == "yes"
            with db().write() as connection:
                store.change_person(connection, person_id, form.name, form.roles, form.region, active, me.id)
        except Problem as problem:
            return _again(problem, page)
        flash(f"已保存 {form.name}。", "ok")
    return redirect(url_for("accounts.people"))


class _Form:
    """The fields that adding and changing share, checked."""

    def __init__(self) -> None:
        self.name = request.form.get("name", "").strip()
        self.roles = request.form.getlist("roles")
        self.region = request.form.get("region", "")
        if not 1 <= len(self.name) <= 40:
            raise Problem("form.field", field="姓名要填，不超过 40 字")
        if not self.roles or not set(self.roles) <= set(ROLES):
            raise Problem("form.field", field="岗位至少选一个")
        if self.region not in {row["code"] for row in _regions()}:
            raise Problem("form.field", field="辖区要从列表里选")
        must_see(current_person(), self.region)


def _form() -> _Form:
    return _Form()


def _link(token: str) -> str:
    return str(current_app.extensions["jjb_settings"].public_url) + url_for("accounts.first_login", token=token)


def _regions() -> list[dict[str, str]]:
    """Regions down to townships and the villages that have a point would be long: all, for the browser's own search."""
    regions: list[dict[str, str]] = current_app.extensions["jjb_regions"]
    return regions
