"""The call to a model: any server that speaks the chat-completions API of OpenAI, and every way in which it can fail.

A call has one deadline for all of it, however slowly an answer drips; nothing of it is kept and none of its text is logged.
"""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field
from typing import Annotated, Any

import httpx
import msgspec
from msgspec import Meta

from app.problems import Problem
from app.settings import Settings

AT_ONCE = 4
"""Calls of one centre at the same time: agents, not villages, press the button."""
LARGEST_ANSWER = 128 * 1024
MOST_TOKENS = 1000


class _Message(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    message: _Message


class _Completion(msgspec.Struct):
    choices: Annotated[list[_Choice], Meta(min_length=1)]


@dataclass(frozen=True)
class Endpoint:
    """A model at a URL; `from_settings` gives None when none is connected."""

    url: str
    key: str = field(repr=False)
    model: str
    timeout_s: int
    _free: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(AT_ONCE), repr=False)

    @classmethod
    def from_settings(cls, settings: Settings) -> Endpoint | None:
        if not settings.draft_url:
            return None
        url = settings.draft_url.rstrip("/") + "/chat/completions"
        return cls(url, settings.draft_key, settings.draft_model, settings.draft_timeout_s)

    def complete(self, messages: list[dict[str, str]]) -> str:
        """The text of the model's answer, or a Problem `reply.*`."""
        if not self._free.acquire(blocking=False):
            raise Problem("reply.busy")
        try:
            return asyncio.run(self._in_time(messages))
        finally:
            self._free.release()

    async def _in_time(self, messages: list[dict[str, str]]) -> str:
        try:
            async with asyncio.timeout(self.timeout_s):
                return await self._ask(messages)
        except (TimeoutError, httpx.TimeoutException) as error:
            raise Problem("reply.timeout", seconds=self.timeout_s) from error
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise Problem("reply.unreachable") from error

    async def _ask(self, messages: list[dict[str, str]]) -> str:
        body: dict[str, Any] = {
            "model": self.model, "messages": messages, "temperature": 0, "max_tokens": MOST_TOKENS, "stream": False,
        }  # fmt: skip
        headers = {"Accept": "application/json", "Accept-Encoding": "identity", "Connection": "close"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        # No proxy and no password file of the machine: the text goes to this URL and nowhere else.
        async with httpx.AsyncClient(headers=headers, timeout=self.timeout_s, trust_env=False) as client:
            status, raw = await self._post(client, {**body, "response_format": {"type": "json_object"}})
            if status in (400, 415, 422):  # some servers do not know response_format
                status, raw = await self._post(client, body)
        return _content(status, raw)

    async def _post(self, client: httpx.AsyncClient, body: dict[str, Any]) -> tuple[int, bytes]:
        async with client.stream("POST", self.url, json=body) as reply:
            raw = b""
            async for chunk in reply.aiter_raw():
                raw += chunk
                if len(raw) > LARGEST_ANSWER:
                    raise Problem("reply.answer")
            return reply.status_code, raw


def _content(status: int, raw: bytes) -> str:
    if status == 429:
        raise Problem("reply.busy")
    if status >= 500:
        raise Problem("reply.broken", status=status)
    if status != 200:
        raise Problem("reply.refused", status=status)
    try:
        content = msgspec.json.decode(raw, type=_Completion).choices[0].message.content or ""
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise Problem("reply.answer") from error
    if not content.strip():
        raise Problem("reply.answer")
    return content
