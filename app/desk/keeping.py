"""What was written in a call goes some time after it ended; that it was, when and how it ended stays."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, delete, select, update

from app import clock
from app.desk.left import message, words
from app.desk.store import talk, talk_message
from app.keeping import Holding, Seen
from app.vault import vault
from remote import callback, session


def over(connection: Connection, before: str) -> list[str]:
    """Calls and messages that ended before a time and of which words are kept."""
    ended = (talk.c.state == session.ENDED, talk.c.ended_at < before, talk.c.wiped_at.is_(None))
    talks = connection.execute(select(talk.c.id).where(*ended).order_by(talk.c.ended_at)).scalars().all()
    closed = (message.c.closed_at < before, message.c.wiped_at.is_(None))
    return [*talks, *connection.execute(select(message.c.id).where(*closed).order_by(message.c.closed_at)).scalars()]


def forget(connection: Connection, subject: str) -> dict[str, int]:
    """Wipe every word of a call, or of a message."""
    left = update(message).where(message.c.id == subject, message.c.wiped_at.is_(None))
    if connection.execute(left.values(sealed_text="", wiped_at=clock.now())).rowcount:
        return {"left": 1}
    kept = update(talk).where(talk.c.id == subject, talk.c.wiped_at.is_(None))
    if connection.execute(kept.values(reason="", wiped_at=clock.now())).rowcount == 0:
        return {}
    connection.execute(delete(talk_message).where(talk_message.c.talk == subject))
    return {"talks": 1}


def seek(connection: Connection, who: Seen) -> list[Holding]:
    """Calls and messages in which the number of a person is written."""
    return [*_calls(connection, who), *_messages(connection, who)]


def _messages(connection: Connection, who: Seen) -> Iterator[Holding]:
    for row in connection.execute(
        select(message).where(message.c.wiped_at.is_(None)).order_by(message.c.left_at)
    ).all():
        text = words(connection, row)
        if who.number in str(text).upper():
            ended = row.state == callback.CLOSED
            yield Holding(row.id, "留言", row.point, "提到的人", ended, True, {"文字": text, "时间": row.left_at})


def _calls(connection: Connection, who: Seen) -> Iterator[Holding]:
    for row in connection.execute(select(talk).where(talk.c.wiped_at.is_(None)).order_by(talk.c.opened_at)).all():
        query = select(talk_message).where(talk_message.c.talk == row.id).order_by(talk_message.c.seq)
        said = [
            (one.at, one.author_name, vault().open(connection, row.id, one.sealed)) for one in connection.execute(query)
        ]
        if any(who.number in str(text).upper() for _, _, text in said):
            words = [{"时间": at, "谁": name, "内容": text} for at, name, text in said]
            yield Holding(row.id, "通话", row.point, "提到的人", row.state == session.ENDED, True, {"文字": words})
