"""Bringing the files of cases to the centre by tus 1.0.0: at most once over, from the byte where it was cut.

Twin in behaviour of `pwa/src/sync/uploads.ts`. Numbers like S36 name sentences of PROTOCOL.md.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sync.files import kind_of
from sync.mailbox import Mailbox, WaitingFile
from sync.wire import LinkError, Refused

CHUNK = 128 * 1024
"""Bytes of one PATCH; a cut costs nothing more than what was in the air."""
TUS = {"Tus-Resumable": "1.0.0"}
FOR_GOOD = ("file.content", "file.large")
"""Refusals of the file itself: a person must look."""
TRIES = 3
"""For one file in one go, when the centre says that its bytes do not fit."""

Ask = Callable[[str, str, bytes, Mapping[str, str]], Mapping[str, str]]
"""(method, path, body, headers) signed by the device → headers of a 2xx answer of tus; LinkError or Refused."""


@dataclass(frozen=True)
class Paper:
    """One page or paper of a case: what of the list it is, and its bytes."""

    material: str
    data: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    def named(self) -> dict[str, str | int]:
        """What the event says of it (S35)."""
        return {
            "material": self.material,
            "sha256": self.sha256,
            "bytes": len(self.data),
            "kind": kind_of(self.data[:16]),
        }


@dataclass
class Brought:
    """What one go did."""

    files: int = 0
    bytes: int = 0
    """Sent in bodies, whatever came of it."""
    gained: int = 0
    """How much further the centre is."""
    error: Exception | None = None


class Uploads:
    """Files that wait, oldest case first."""

    def __init__(self, mailbox: Mailbox, ask: Ask, chunk: int = CHUNK) -> None:
        self.mailbox = mailbox
        self._ask = ask
        self._chunk = chunk

    def run(self, go_on: Callable[[], bool] = lambda: True) -> Brought:
        """Bring what may go (S36) until the way is cut or `go_on` says to pause; never raises for what a link can do."""
        done = Brought()
        for waiting in self.mailbox.waiting_files():
            try:
                if not self._bring(waiting, done, go_on):
                    break
            except Refused as error:
                if error.code in FOR_GOOD:
                    self.mailbox.refuse_file(waiting.id, error.code, error.message, error.next)
                elif error.code != "file.unnamed":  # one file nobody waits for must not block the others
                    done.error = error
                    break
            except LinkError as error:
                done.error = error
                break
        return done

    def cancel(self, waiting: WaitingFile) -> None:
        """End an upload at the centre (tus termination); the file stays here and may be brought later."""
        if waiting.place:
            self._ask("DELETE", waiting.place, b"", TUS)
            self.mailbox.place_file(waiting.id, None)

    def _bring(self, waiting: WaitingFile, done: Brought, go_on: Callable[[], bool]) -> bool:
        data = self.mailbox.file_data(waiting.id)
        for _ in range(TRIES):
            try:
                place, offset = self._begin(waiting, data)
                while offset < len(data):
                    if not go_on():
                        return False
                    offset = self._send(place, data, offset, done)
                self.mailbox.settle_file(waiting.id)  # only now may the bytes go (S38)
                done.files += 1
                return True
            except Refused as error:
                if error.code not in ("file.offset", "file.checksum", "file.gone"):
                    raise
                last = error
        raise last

    def _begin(self, waiting: WaitingFile, data: bytes) -> tuple[str, int]:
        """(where the file goes, how far it has come); asked anew each time (S37)."""
        if waiting.place:
            try:
                return waiting.place, _offset(self._ask("HEAD", waiting.place, b"", TUS), len(data))
            except Refused as error:
                if error.status not in (404, 410):
                    raise
        said = {"case": waiting.case_no, "sha256": waiting.sha256}
        metadata = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in said.items())
        headers = {**TUS, "Upload-Length": str(len(data)), "Upload-Metadata": metadata}
        answer = self._ask("POST", "/files", b"", headers)
        place = answer.get("Location", "")
        if not place.startswith("/files/"):
            raise LinkError("answer", "Location")
        self.mailbox.place_file(waiting.id, place)
        waiting.place = place
        return place, _offset(answer, len(data))

    def _send(self, place: str, data: bytes, offset: int, done: Brought) -> int:
        piece = data[offset : offset + self._chunk]
        checksum = base64.b64encode(hashlib.sha256(piece).digest()).decode()
        headers = {
            **TUS,
            "Content-Type": "application/offset+octet-stream",
            "Upload-Offset": str(offset),
            "Upload-Checksum": f"sha256 {checksum}",
        }
        done.bytes += len(piece)
        now = _offset(self._ask("PATCH", place, piece, headers), len(data))
        done.gained += now - offset
        return now


def _offset(headers: Mapping[str, str], most: int) -> int:
    text = headers.get("Upload-Offset", "")
    if not text.isdigit() or int(text) > most:
        raise LinkError("answer", "Upload-Offset")
    return int(text)
