"""People and their one-time links in the central store.

Flask-Security reads people through an ORM session of its own that never writes; all changes are made here in the
transactions of `app.db`, together with their ledger entries.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, cast

from flask import Flask
from flask_security import RoleMixin, Security, SQLAlchemySessionUserDatastore, UserMixin, hash_password
from sqlalchemy import Boolean, Column, Connection, ForeignKey, Row, Table, Text, delete, func, insert, select, update
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, scoped_session, sessionmaker

from app import clock, ledger
from app.accounts.rules import Person, stem
from app.db import Database, metadata
from app.problems import Problem

LINK_HOURS = 24


class Base(DeclarativeBase):
    """Base of the two classes that Flask-Security needs."""

    metadata = metadata


person_role = Table(
    "person_role",
    metadata,
    Column("person_id", Text, ForeignKey("person.id"), primary_key=True),
    Column("role", Text, ForeignKey("role.name"), primary_key=True),
)


class Role(Base, RoleMixin):
    """A role of `rules.ROLES`."""

    __tablename__ = "role"
    name: Mapped[str] = mapped_column(Text, primary_key=True)


class User(Base, UserMixin):
    """A person as Flask-Security sees them."""

    __tablename__ = "person"
    # Flask-Security types these for its own model; any SQLAlchemy type works.
    id: Mapped[str] = mapped_column(Text, primary_key=True)  # type: ignore[assignment]
    username: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    region: Mapped[str] = mapped_column(Text)
    password: Mapped[str | None] = mapped_column(Text)
    active: Mapped[bool] = mapped_column(Boolean)
    fs_uniquifier: Mapped[str] = mapped_column(Text, unique=True)
    email: Mapped[str | None] = mapped_column(Text)  # type: ignore[assignment]
    created_at: Mapped[str] = mapped_column(Text)
    roles: Mapped[list[Role]] = relationship(Role, secondary=person_role, lazy="joined")  # type: ignore[assignment]

    def as_person(self) -> Person:
        """The plain value that the rest of the product works with."""
        return Person(self.id, self.name, frozenset(role.name for role in self.roles), self.region)


person = cast(Table, User.__table__)
role = cast(Table, Role.__table__)

first_link = Table(
    "first_link",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("person_id", Text, ForeignKey("person.id"), nullable=False),
    Column("expires_at", Text, nullable=False),
    Column("used_at", Text),
)


def install(app: Flask, db: Database) -> None:
    """Give Flask-Security its people; its own pages stay off, ours are in `views`."""
    # Reads only, so that a page view never waits for a writer.
    session = scoped_session(sessionmaker(bind=db.engine.execution_options(jjb_read=True)))
    app.config.update(
        SECURITY_PASSWORD_HASH="argon2",  # noqa: S106 - the name of a method, not a password
        SECURITY_PASSWORD_SCHEMES=["argon2"],
        SECURITY_REGISTERABLE=False,
        SECURITY_RECOVERABLE=False,
        SECURITY_TRACKABLE=False,
    )
    datastore = SQLAlchemySessionUserDatastore(session, User, Role)
    app.extensions["jjb_security"] = Security(app, datastore, register_blueprint=False)

    @app.teardown_appcontext
    def close(_error: BaseException | None) -> None:
        session.remove()


def add_roles(connection: Connection, names: Iterable[str]) -> None:
    """Make sure that every role of the product has its row."""
    present = set(connection.execute(select(role.c.name)).scalars())
    for name in names:
        if name not in present:
            connection.execute(insert(role).values(name=name))


def add_person(
    connection: Connection,
    username: str,
    name: str,
    roles: Sequence[str],
    region: str,
    actor: str,
    password: str | None = None,
) -> str:
    """A new person; Problem('person.username') when the name is taken. Returns the id."""
    if connection.execute(select(person.c.id).where(person.c.username == username)).first():
        raise Problem("person.username", name=username)
    new_id = clock.new_id()
    values: dict[str, Any] = {
        "id": new_id,
        "username": username,
        "name": name,
        "region": region,
        "password": hash_password(password) if password else None,
        "active": True,
        "fs_uniquifier": uuid.uuid4().hex,
        "created_at": clock.now(),
    }
    connection.execute(insert(person).values(values))
    set_roles(connection, new_id, roles)
    note(connection, "person.added", new_id, actor, {"username": username, "roles": sorted(roles), "region": region})
    return new_id


def set_roles(connection: Connection, person_id: str, roles: Iterable[str]) -> None:
    """Replace the roles of a person."""
    connection.execute(delete(person_role).where(person_role.c.person_id == person_id))
    for name in sorted(set(roles)):
        connection.execute(insert(person_role).values(person_id=person_id, role=name))


def change_person(
    connection: Connection, person_id: str, name: str, roles: Sequence[str], region: str, active: bool, actor: str
) -> None:
    """Change what a person may do; ends their sessions. Problem('person.last_admin') rather than lock everybody out."""
    was_admin = _active_admins(connection) == [person_id]
    if was_admin and not (active and "admin" in roles):
        raise Problem("person.last_admin")
    changed = {"name": name, "region": region, "active": active, "fs_uniquifier": uuid.uuid4().hex}
    connection.execute(update(person).where(person.c.id == person_id).values(changed))
    set_roles(connection, person_id, roles)
    note(connection, "person.changed", person_id, actor, {"roles": sorted(roles), "region": region, "active": active})


def _active_admins(connection: Connection) -> list[str]:
    query = select(person.c.id).join(person_role, person_role.c.person_id == person.c.id)
    return list(connection.execute(query.where(person_role.c.role == "admin", person.c.active)).scalars())


def mark_of(connection: Connection, person_id: str) -> str | None:
    """The mark that a person's present log-ins carry, None for a locked person."""
    query = select(person.c.fs_uniquifier).where(person.c.id == person_id, person.c.active)
    found: str | None = connection.execute(query).scalar()
    return found


def set_password(connection: Connection, person_id: str, password: str, actor: str) -> None:
    """Set a password (already checked by `rules.password_fault`); ends every other session of the person."""
    changed = {"password": hash_password(password), "fs_uniquifier": uuid.uuid4().hex}
    connection.execute(update(person).where(person.c.id == person_id).values(changed))
    note(connection, "person.password", person_id, actor, {})


def issue_link(connection: Connection, person_id: str, actor: str) -> str:
    """A one-time token that lets the person set a password; only its hash is kept, and earlier ones end."""
    earlier = update(first_link).where(first_link.c.person_id == person_id, first_link.c.used_at.is_(None))
    connection.execute(earlier.values(used_at=clock.now()))
    token = secrets.token_urlsafe(24)
    expires = clock.stamp(clock.parse(clock.now()) + timedelta(hours=LINK_HOURS))
    connection.execute(insert(first_link).values(token_hash=_hash(token), person_id=person_id, expires_at=expires))
    note(connection, "person.link", person_id, actor, {})
    return token


def person_of_link(connection: Connection, token: str) -> Row[Any]:
    """The person a token was issued for, or Problem link.wrong | link.used | link.expired."""
    query = select(person, first_link.c.expires_at, first_link.c.used_at).join(first_link)
    found = connection.execute(query.where(first_link.c.token_hash == _hash(token))).first()
    if found is None:
        raise Problem("link.wrong")
    if found.used_at:
        raise Problem("link.used")
    if found.expires_at < clock.now():
        raise Problem("link.expired")
    return found


def use_link(connection: Connection, token: str, password: str) -> str:
    """Set the password and burn the token, in the caller's transaction. Returns the person's id."""
    found = person_of_link(connection, token)
    connection.execute(update(first_link).where(first_link.c.token_hash == _hash(token)).values(used_at=clock.now()))
    set_password(connection, found.id, password, found.id)
    return str(found.id)


def people(connection: Connection, region: str) -> list[dict[str, Any]]:
    """People in the subtree of a region, by name, with their roles."""
    roles: dict[str, list[str]] = {}
    for row in connection.execute(select(person_role).order_by(person_role.c.role)):
        roles.setdefault(row.person_id, []).append(row.role)
    query = select(person).where(person.c.region.startswith(stem(region), autoescape=True)).order_by(person.c.name)
    return [{**row, "roles": roles.get(row["id"], [])} for row in connection.execute(query).mappings()]


def covering(connection: Connection, regions: Sequence[str], held: str) -> list[tuple[str, str]]:
    """(id, name) of the active people with a role at one of these regions, by name."""
    query = select(person.c.id, person.c.name).join(person_role, person_role.c.person_id == person.c.id)
    query = query.where(person_role.c.role == held, person.c.active, person.c.region.in_(regions))
    return [(row.id, row.name) for row in connection.execute(query.order_by(person.c.name, person.c.id))]


def count(connection: Connection) -> int:
    """How many people there are."""
    return int(connection.execute(select(func.count()).select_from(person)).scalar_one())


def note(connection: Connection, name: str, subject: str, actor: str, body: dict[str, Any]) -> None:
    """Append a ledger entry about a person."""
    ledger.append(connection, ledger.Event(clock.new_id(), name, subject, actor, clock.now(), body))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
