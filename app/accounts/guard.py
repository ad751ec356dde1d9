"""Who is asking, and may they: what every other slice uses of accounts."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import current_app
from flask_security import current_user, hash_password, verify_password
from sqlalchemy import Connection

from app.accounts import store
from app.accounts.rules import Person, above, within
from app.problems import Problem

View = TypeVar("View", bound=Callable[..., Any])

__all__ = [
    "Person",
    "colleagues",
    "current_person",
    "log_in_mark",
    "logged_in",
    "may_see",
    "must_see",
    "needs",
    "proved",
    "serving",
    "still_logged_in",
]


def logged_in() -> bool:
    """Whether somebody is logged in on this request."""
    return bool(current_user and current_user.is_authenticated)


def current_person() -> Person:
    """The person of this request; Problem('access.login') when nobody is logged in."""
    if not logged_in():
        raise Problem("access.login")
    return cast(Person, current_user.as_person())


def proved(username: str, password: str) -> Person:
    """Whose name and password these are; Problem('login.wrong'), or 'login.locked' for who knows the password."""
    return user_proved(username, password).as_person()


def user_proved(username: str, password: str) -> store.User:
    """The same as Flask-Security's user, for the log-in at the consoles."""
    user = current_app.extensions["jjb_security"].datastore.find_user(username=username)
    # Hash something even for an unknown name, so that timing does not tell which names exist.
    known = user if user is not None and user.password else None
    right = verify_password(password, known.password if known else _decoy())
    if known is None or not right:
        raise Problem("login.wrong")
    if not known.active:  # only who knows the password learns that the account is locked
        raise Problem("login.locked")
    return cast(store.User, known)


def _decoy() -> str:
    config = current_app.config
    if "JJB_DECOY" not in config:
        config["JJB_DECOY"] = hash_password("nobody has this one")
    return str(config["JJB_DECOY"])


def log_in_mark() -> str:
    """What changes when this person's log-ins end (new password, changed roles, lock); for sockets that outlive a request."""
    return str(current_user.fs_uniquifier)


def still_logged_in(connection: Connection, person: Person, mark: str) -> bool:
    """Whether a log-in with this mark still holds: False once the person was locked, changed or given a new password."""
    return store.mark_of(connection, person.id) == mark


def needs(*roles: str) -> Callable[[View], View]:
    """Decorator of a view: Problem('access.denied') unless the person has one of `roles` (admin always may)."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if not current_person().has(*roles):
                raise Problem("access.denied")
            return view(*args, **kwargs)

        return cast(View, guarded)

    return decorate


def colleagues(connection: Connection, region: str, *roles: str) -> list[tuple[str, str, str]]:
    """(id, name, region) of the active people below a region who have one of these roles."""
    people = [one for one in store.people(connection, region) if one["active"] and set(one["roles"]) & set(roles)]
    return [(one["id"], one["name"], one["region"]) for one in people]


def serving(connection: Connection, region: str, role: str) -> list[tuple[str, str]]:
    """(id, name) of the active people with a role whose reach covers a region: who works at a service point."""
    return store.covering(connection, above(region), role)


def may_see(person: Person, region: str) -> bool:
    """Whether a region code lies in the person's subtree."""
    return within(person.region, region)


def must_see(person: Person, region: str) -> None:
    """Problem('access.region') unless the region lies in the person's subtree."""
    if not may_see(person, region):
        raise Problem("access.region")
