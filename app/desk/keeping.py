"""What was written in a call goes some time after it ended; that it was, when and how it ended stays."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, delete, select, update

from app import clock
from app.desk.store import talk, talk_message
from app.keeping import Holding, Seen
from app.vault import vault
from remote import session


def over(connection: Connection, before: str) -> list[str]:
    """Calls that ended before a time and of which words are kept."""
    ended = (talk.c.state == session.ENDED, talk.c.ended_at < before, talk.c.wiped_at.is_(None))
    return list(connection.execute(select(talk.c.id).where(*ended).order_by(talk.c.ended_at)).scalars())


def forget(connection: Connection, subject: str) -> dict[str, int]:
    """Wipe every word of a call."""
    kept = update(talk).where(talk.c.id == subject, talk.c.wiped_at.is_(None))
    if connection.execute(kept.values(reason="", wiped_at=clock.now())).rowcount == 0:
        return {}
    connection.execute(delete(talk_message).where(talk_message.c.talk == subject))
    return {"talks": 1}


def seek(connection: Connection, who: Seen) -> list[Holding]:
    """Calls in which the number of a person is written."""
    return list(_calls(connection, who))


def _calls(connection: Connection, who: Seen) -> Iterator[Holding]:
    for row in connection.execute(select(talk).where(talk.c.wiped_at.is_(None)).order_by(talk.c.opened_at)).all():
        query = select(talk_message).where(talk_message.c.talk == row.id).order_by(talk_message.c.seq)
        said = [
            (one.at, one.author_name, vault().open(connection, row.id, one.sealed)) for one in connection.execute(query)
        ]
        if any(who.number in str(text).upper() for _, _, text in said):
            words = [{"时间": at, "谁": name, "内容": text} for at, name, text in said]
            yield Holding(row.id, "通话", row.point, "提到的人", row.state == session.ENDED, True, {"文字": words})
