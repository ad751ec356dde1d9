"""The way to the centre over standard-library HTTP: everything a bad link can do becomes one of two exceptions."""

from __future__ import annotations

import http.client
import ssl
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from sync.messages import MessageError
from sync.replies import read_failure

SILENCE_S = 20.0
"""A request is given up when nothing came for so long (a half-open socket never says so by itself)."""
LONGEST_JSON = 4 * 1024 * 1024
PIECE = 64 * 1024


class LinkError(Exception):
    """The centre was not reached.

    `kind`: offline, slow, portal (something else answered), answer (not as the protocol says).
    """

    def __init__(self, kind: str, detail: str = "") -> None:
        self.kind = kind
        super().__init__(f"{kind} {detail}".strip())


class Refused(Exception):
    """The centre answered with a problem from its catalogue."""

    def __init__(
        self, status: int, code: str, message: str, next_: str, details: Mapping[str, Any], retry_after_s: float | None
    ):
        self.status = status
        self.code = code
        self.message = message
        self.next = next_
        self.details = details
        self.retry_after_s = retry_after_s
        super().__init__(f"{status} {code}: {message} {next_}")


class Wire:
    """Requests to one centre, each on its own connection. `silence_s`: seconds without a byte before giving up."""

    def __init__(self, url: str, silence_s: float = SILENCE_S) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"not an address of a centre: {url}")
        self.host, self.port, self.tls = parts.hostname, parts.port, parts.scheme == "https"
        self.silence_s = silence_s

    def post_json(self, path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
        """The body of a 2xx JSON answer; LinkError or Refused otherwise."""
        sent = {"Content-Type": "application/json", "Accept-Encoding": "gzip", **headers}
        with self._answer("POST", path, body, sent, "application/json") as reply:
            data = reply.read(LONGEST_JSON + 1)
            if len(data) > LONGEST_JSON:
                raise LinkError("answer", "too long")
            return _unzipped(data) if reply.headers.get("Content-Encoding") == "gzip" else data

    def ask_tus(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> dict[str, str]:
        """Headers of a 2xx answer that speaks tus and has no body; LinkError or Refused otherwise."""
        sent = {"Accept": "application/json", "Content-Length": str(len(body)), **headers}
        with self._answer(method, path, body, sent, None) as reply:
            reply.read()
            if reply.headers.get("Tus-Resumable") != "1.0.0":
                raise LinkError("portal", str(reply.status))
            return dict(reply.headers.items())

    def get_from(self, path: str, offset: int) -> Iterator[bytes]:
        """Pieces of a file from byte `offset` on. A server without Range sends all again: what is known is skipped."""
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        with self._answer("GET", path, None, headers, "application/octet-stream") as reply:
            skip = 0 if reply.status == 206 else offset
            while piece := reply.read1(PIECE):
                fresh, skip = piece[skip:], max(0, skip - len(piece))
                if fresh:
                    yield fresh
            if reply.length:  # Content-Length promised more
                raise LinkError("offline", "cut")

    @contextmanager
    def _answer(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str], wanted: str | None
    ) -> Iterator[http.client.HTTPResponse]:
        connection = self._connection()
        try:
            connection.request(method, path, body=body, headers=dict(headers))
            reply = connection.getresponse()
            kind = reply.headers.get_content_type()
            if 200 <= reply.status < 300 and wanted in (kind, None):
                yield reply
            else:
                raise _refusal(reply, kind)
        except TimeoutError as error:
            raise LinkError("slow", f"{self.silence_s} s") from error
        except (OSError, http.client.HTTPException, ssl.SSLError) as error:
            raise LinkError("offline", type(error).__name__) from error
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        if self.tls:
            return http.client.HTTPSConnection(
                self.host, self.port, timeout=self.silence_s, context=ssl.create_default_context()
            )
        return http.client.HTTPConnection(self.host, self.port, timeout=self.silence_s)


def _unzipped(data: bytes) -> bytes:
    """The whole of a gzip body; LinkError when it is damaged, cut short or larger than an answer may be."""
    reader = zlib.decompressobj(wbits=31)
    try:
        plain = reader.decompress(data, LONGEST_JSON)
    except zlib.error as error:
        raise LinkError("answer", "gzip") from error
    if not reader.eof:
        raise LinkError("answer", "too long" if reader.unconsumed_tail else "gzip")
    return plain


def _refusal(reply: http.client.HTTPResponse, kind: str) -> Exception:
    """A problem of the centre, or who else may have answered: a login page of the network, a proxy that is down."""
    retry_after = _seconds(reply.headers.get("Retry-After"))
    if kind == "application/json":
        body = reply.read(LONGEST_JSON)
        if not body:  # the answer to a HEAD
            return Refused(reply.status, "net.refused", "中心没有答应这次请求。", "程序会自动再试。", {}, retry_after)
        try:
            said = read_failure(body)
        except MessageError:
            return LinkError("answer", str(reply.status))
        return Refused(reply.status, said.code, said.message, said.next, said.details, retry_after)
    if reply.status in (404, 429) or (reply.status >= 500 and reply.status != 511):
        return Refused(reply.status, "net.centre", "中心暂时没有应答。", "程序会自动再试。", {}, retry_after)
    return LinkError("portal", str(reply.status))


def _seconds(text: str | None) -> float | None:
    """Retry-After in seconds; dates are not used by the centre."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None
