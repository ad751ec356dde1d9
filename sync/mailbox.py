"""What a Python village itself knows: outbox, messages, enrolment; one SQLite file that survives kill -9.

The columns are those of `pwa/src/store/field.sql` as far as both need them. Here bodies stand in the clear: this
client is for drills and tests, not for a shared computer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import apsw

from sync.messages import DeviceEvent
from sync.outbox import to_resend
from sync.replies import Message, Verdict

SCHEMA = """
CREATE TABLE outbox (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  subject TEXT NOT NULL,
  at TEXT NOT NULL,
  body TEXT NOT NULL,
  verdict TEXT,
  ledger INTEGER,
  problem TEXT
);
CREATE INDEX outbox_unanswered ON outbox(seq) WHERE verdict IS NULL;
CREATE TABLE inbox (cursor INTEGER PRIMARY KEY NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE meta (name TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL);
"""

FILES = """
CREATE TABLE IF NOT EXISTS file (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  event TEXT NOT NULL,
  case_no TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  place TEXT,
  state TEXT NOT NULL DEFAULT 'waiting',
  problem TEXT,
  data BLOB,
  UNIQUE (case_no, sha256)
)
"""
"""A table of its own step: mailboxes of before it gain it when they are opened."""


@dataclass
class WaitingFile:
    """A file the centre does not have yet; `place` is where its upload was begun."""

    id: int
    case_no: str
    sha256: str
    bytes: int
    place: str | None


class FileCounts(NamedTuple):
    """Files on their way, their bytes, and those the centre refused."""

    waiting: int
    bytes: int
    refused: int


class Counts(NamedTuple):
    """Events without a verdict, and those the centre refused."""

    waiting: int
    refused: int


class Mailbox:
    """The file `field.db` of a village."""

    def __init__(self, path: Path) -> None:
        self.db = apsw.Connection(str(path))
        self.db.set_busy_timeout(10_000)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=FULL")
        with self.db:
            if not self.db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'meta'").fetchone():
                self.db.execute(SCHEMA)
            self.db.execute(FILES)

    def close(self) -> None:
        """Close the file."""
        self.db.close()

    # ---- settings ----

    def get(self, name: str, default: Any = None) -> Any:
        """A remembered JSON value."""
        row = self.db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return json.loads(row[0]) if row else default

    def put(self, **values: Any) -> None:
        """Remember JSON values; None forgets."""
        with self.db:
            for name, value in values.items():
                if value is None:
                    self.db.execute("DELETE FROM meta WHERE name = ?", (name,))
                else:
                    self.db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, json.dumps(value)))

    # ---- up ----

    def add(self, event_id: str, name: str, subject: str, at: str, body: dict[str, Any]) -> int:
        """Queue an event; its number on this device."""
        text = json.dumps(body, ensure_ascii=False)
        self.db.execute(
            "INSERT INTO outbox(id, name, subject, at, body) VALUES (?,?,?,?,?)", (event_id, name, subject, at, text)
        )
        return int(self.db.last_insert_rowid())

    def unanswered(self, limit: int) -> list[DeviceEvent]:
        """Events without a verdict, oldest first."""
        query = "SELECT id, seq, name, subject, at, body FROM outbox WHERE verdict IS NULL ORDER BY seq LIMIT ?"
        rows = self.db.execute(query, (limit,))
        return [DeviceEvent(i, seq, name, subject, at, json.loads(body)) for i, seq, name, subject, at, body in rows]

    def counts(self) -> Counts:
        """How many wait, how many were refused."""
        query = """SELECT count(*) FILTER (WHERE verdict IS NULL),
                          count(*) FILTER (WHERE verdict IN ('rejected', 'quarantined')) FROM outbox"""
        ((waiting, refused),) = self.db.execute(query)
        return Counts(int(waiting), int(refused))

    def verdicts(self) -> dict[str, str | None]:
        """Verdict by event id, None while waiting."""
        return dict(self.db.execute("SELECT id, verdict FROM outbox ORDER BY seq"))

    def refused(self) -> list[tuple[str, str, dict[str, str]]]:
        """(event id, name, problem) of everything a person must look at."""
        query = "SELECT id, name, problem FROM outbox WHERE verdict IN ('rejected', 'quarantined') ORDER BY seq"
        return [(event_id, name, json.loads(problem or "{}")) for event_id, name, problem in self.db.execute(query)]

    def retry(self, event_id: str) -> None:
        """Put a refused event back under the same id."""
        self.db.execute(
            "UPDATE outbox SET verdict = NULL, problem = NULL WHERE id = ? AND verdict IN ('rejected', 'quarantined')",
            (event_id,),
        )

    # ---- files ----

    def add_file(self, event_id: str, case_no: str, sha256: str, data: bytes) -> None:
        """Keep a file of a case until the centre has it; the same content twice in a case is one file."""
        self.db.execute(
            "INSERT OR IGNORE INTO file(event, case_no, sha256, bytes, data) VALUES (?,?,?,?,?)",
            (event_id, case_no, sha256, len(data), data),
        )

    def waiting_files(self) -> list[WaitingFile]:
        """Files whose case the centre has taken, oldest first."""
        query = """SELECT file.id, case_no, sha256, bytes, place FROM file JOIN outbox ON outbox.id = file.event
                   WHERE state = 'waiting' AND outbox.verdict IN ('accepted', 'duplicate') ORDER BY file.id"""
        return [WaitingFile(*row) for row in self.db.execute(query)]

    def papers(self) -> list[WaitingFile]:
        """Files that the centre does not have, whether it has taken their case or not, oldest first."""
        query = "SELECT id, case_no, sha256, bytes, place FROM file WHERE state = 'waiting' ORDER BY id"
        return [WaitingFile(*row) for row in self.db.execute(query)]

    def file_data(self, file_id: int) -> bytes:
        """The bytes of a file that waits."""
        ((data,),) = self.db.execute("SELECT data FROM file WHERE id = ?", (file_id,))
        return bytes(data)

    def place_file(self, file_id: int, place: str | None) -> None:
        """Note where the upload of a file was begun."""
        self.db.execute("UPDATE file SET place = ? WHERE id = ?", (place, file_id))

    def settle_file(self, file_id: int) -> None:
        """The centre has it: the bytes go, the note that it was sent stays."""
        self.db.execute("UPDATE file SET state = 'sent', data = NULL WHERE id = ?", (file_id,))

    def refuse_file(self, file_id: int, code: str, message: str, next_: str) -> None:
        """The centre will not have it: kept, with the reason, for a person to look at."""
        problem = json.dumps({"code": code, "message": message, "next": next_}, ensure_ascii=False)
        self.db.execute("UPDATE file SET state = 'refused', problem = ? WHERE id = ?", (problem, file_id))

    def file_counts(self) -> FileCounts:
        """How many files wait, of how many bytes, and how many were refused."""
        query = """SELECT count(*) FILTER (WHERE state = 'waiting'),
                          coalesce(sum(bytes) FILTER (WHERE state = 'waiting'), 0),
                          count(*) FILTER (WHERE state = 'refused') FROM file"""
        ((waiting, size, refused),) = self.db.execute(query)
        return FileCounts(int(waiting), int(size), int(refused))

    # ---- down ----

    def settle(self, sent: Iterable[str], verdicts: Iterable[Verdict]) -> int:
        """Write down verdicts on the events just sent; how many there were. Verdicts on others are nobody's."""
        asked, settled = set(sent), 0
        for one in verdicts:
            if one.id not in asked:
                continue
            problem = None if one.problem is None else json.dumps(
                {"code": one.problem.code, "message": one.problem.message, "next": one.problem.next}, ensure_ascii=False
            )  # fmt: skip
            self.db.execute(
                "UPDATE outbox SET verdict = ?, ledger = ?, problem = ? WHERE id = ? AND verdict IS NULL",
                (one.verdict, one.ledger, problem, one.id),
            )
            settled += self.db.changes()
        return settled

    def receive(self, messages: Iterable[Message]) -> None:
        """Keep messages of the centre; one that came before changes nothing. `case.forget` wipes what lies here of a case."""
        for one in messages:
            text = json.dumps(one.body, ensure_ascii=False)
            self.db.execute("INSERT OR IGNORE INTO inbox VALUES (?, ?, ?)", (one.cursor, one.kind, text))
        for case_no in [body["case_no"] for _, kind, body in self.inbox() if kind == "case.forget"]:
            self._forget_case(str(case_no))

    def _forget_case(self, case_no: str) -> None:
        """Unless something of it waits: then with a later round."""
        both = (case_no, f"visit:{case_no}")
        if self.db.execute("SELECT 1 FROM outbox WHERE subject IN (?, ?) AND verdict IS NULL", both).fetchone():
            return
        if self.db.execute("SELECT 1 FROM file WHERE case_no = ? AND state = 'waiting'", (case_no,)).fetchone():
            return
        self.db.execute("DELETE FROM file WHERE case_no = ?", (case_no,))
        self.db.execute("DELETE FROM outbox WHERE subject IN (?, ?)", both)
        self.db.execute("DELETE FROM inbox WHERE json_extract(body, '$.case_no') = ?", (case_no,))

    def inbox(self) -> list[tuple[int, str, dict[str, Any]]]:
        """(cursor, kind, body) of every message, oldest first."""
        return [
            (c, k, json.loads(b)) for c, k, b in self.db.execute("SELECT cursor, kind, body FROM inbox ORDER BY cursor")
        ]

    def lost(self, missing: Sequence[tuple[int, int]]) -> list[int]:
        """Numbers of events in these ranges that the centre once took."""
        return to_resend(self.db.execute("SELECT seq, verdict FROM outbox"), missing) if missing else []

    def put_back(self, numbers: Iterable[int]) -> None:
        """Queue events again by number."""
        self.db.executemany("UPDATE outbox SET verdict = NULL WHERE seq = ?", [(number,) for number in numbers])

    # ---- orders of the centre ----

    def last_seq(self) -> int:
        """The number of the newest event ever recorded here, 0 before the first."""
        row = self.db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'").fetchone()
        return int(row[0]) if row else 0

    def send_from(self, start: int) -> int:
        """Queue again every event from a number on that the centre once took and that is still here; how many."""
        self.db.execute(
            "UPDATE outbox SET verdict = NULL WHERE seq >= ? AND verdict IN ('accepted', 'duplicate')", (start,)
        )
        return self.db.changes()

    def purge(self) -> None:
        """Forget messages and all that the centre has; what still waits, or was refused, stays."""
        with self.db:
            self.db.execute("DELETE FROM inbox")
            self.db.execute("DELETE FROM file WHERE state = 'sent'")
            self.db.execute(
                """DELETE FROM outbox WHERE verdict IN ('accepted', 'duplicate')
                   AND id NOT IN (SELECT event FROM file)"""
            )
