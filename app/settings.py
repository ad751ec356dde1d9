"""Every setting of the centre: name, default, unit, meaning.

A setting `name` is read from the environment variable `JJB_NAME`; `database_url` also from `DATABASE_URL`.
`docs` and tests read this table, so a new setting is one new line here and one row in `deploy/README.md`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from app.problems import Problem
from remote import callback

PREFIX = "JJB_"


def setting(default: Any, unit: str, meaning: str, secret: bool = False) -> Any:
    """One row of the table; `unit` is a unit or a kind of value, `meaning` one sentence; a `secret` is never printed."""
    return field(default=default, repr=not secret, metadata={"unit": unit, "meaning": meaning, "secret": secret})


@dataclass(frozen=True)
class Settings:
    """Values of one running centre. Build with `Settings.from_environment()` or by name in tests."""

    data: Path = setting(
        Path("data"), "folder", "Everything the centre keeps: database, keys, releases, packs, open data."
    )
    database_url: str = setting("", "SQLAlchemy URL", "Central store; empty means SQLite in the data folder.")
    demo: bool = setting(True, "yes/no", "Create demo people, points and a long-lived enrolment code.")
    public_url: str = setting(
        "http://127.0.0.1:8080", "URL", "Address people use; shown on enrolment sheets and used for cookies."
    )
    datasette_url: str = setting(
        "http://127.0.0.1:8081", "URL", "Address of the open-data site, linked from the portal."
    )
    enrol_code_minutes: int = setting(15, "minutes", "Life of a one-time enrolment code.")
    demo_code_minutes: int = setting(1440, "minutes", "Life of the enrolment code that deploy/up prints in demo mode.")
    session_hours: int = setting(12, "hours", "Life of a log-in at the consoles.")
    village_lock_minutes: int = setting(
        10, "minutes", "A village page without a touch for so long asks for the PIN again; at least 1."
    )
    pin_rounds: int = setting(
        600_000, "rounds", "PBKDF2-SHA-256 behind a village PIN: what each guess costs; below 600,000 for tests alone."
    )
    signature_window_s: int = setting(300, "seconds", "How far a device's signed time may differ from the centre's.")
    sync_body_limit: int = setting(1_048_576, "bytes", "Largest body of POST /sync after decompression.")
    sync_at_once: int = setting(
        32, "requests", "Sync rounds handled at the same time; the rest wait 10 s, then come again later."
    )
    sync_poll_s: int = setting(300, "seconds", "How long a village page waits before it asks again on its own.")
    inline_delta_limit: int = setting(
        32_768, "bytes", "Largest pack that rides inside a sync reply; larger ones are fetched."
    )
    delta_depth: int = setting(8, "releases", "From how many earlier releases a delta pack is built.")
    media_limit: int = setting(2_097_152, "bytes", "Largest recording or sample of the media scope.")
    file_limit: int = setting(8_388_608, "bytes", "Largest file of a case; villages shrink photos far below it.")
    file_case_limit: int = setting(67_108_864, "bytes", "All files of one case together.")
    file_day_limit: int = setting(536_870_912, "bytes", "Files that one device may bring in 24 hours.")
    file_days: int = setting(7, "days", "How long an upload that is not whole is kept.")
    file_reserve: int = setting(1_073_741_824, "bytes", "Free disk space below which no new files are taken.")
    reading_bytes: int = setting(
        1_048_576, "bytes", "Largest photo of a card that is read; villages shrink it far below."
    )
    reading_limit: str = setting("20 per minute", "rate", "Photos of cards that one device may have read.")
    reading_threads: int = setting(
        1, "threads", "Cores that the reading of a card may use; one photo is read at a time."
    )
    stale_days: int = setting(7, "days", "Age of a release after which the village page says so.")
    lease_days: int = setting(
        30, "days", "A computer without contact for longer forgets what the centre has and locks the rest; 0: never."
    )
    silent_hours: int = setting(24, "hours", "Without contact for longer, oversight shows a point as silent.")
    socket_limit: int = setting(
        256, "sockets", "Live sockets at most; the rest get code 1013 and poll. 16 below the server's threads."
    )
    request_threads: int = setting(288, "threads", "Threads of the server; sockets and HTTP share them.")
    proxies: int = setting(
        0, "servers", "Reverse proxies in front whose X-Forwarded-For and -Proto are believed; 0 for none."
    )
    library_file_limit: int = setting(10_485_760, "bytes", "Largest file that editors may put into the library.")
    login_limit: str = setting("10 per minute", "rate", "Log-in attempts allowed from one address.")
    enrol_limit: str = setting("10 per minute", "rate", "Enrolment attempts allowed from one address.")
    agent_away_s: int = setting(60, "seconds", "An agent unseen for longer gives talks back to the queue.")
    agent_load: int = setting(3, "talks", "Talks that ring at one agent until he holds so many.")
    offer_s: int = setting(25, "seconds", "A call that rings for longer goes to the next agent.")
    callback_hours: str = setting(
        "09:00-12:00 14:00-17:30", "hours", "When messages are called back, Beijing time: a morning and an afternoon."
    )
    ring_s: int = setting(45, "seconds", "A call-back that nobody at the village takes within it counts as a try.")
    wrap_up_s: int = setting(180, "seconds", "How long a wrap-up that is owed keeps the next call away.")
    computer_help: bool = setting(
        True, "yes/no", "Agents may, with the guide's consent, see and operate a village's computer (remote/helper)."
    )
    computer_code_minutes: int = setting(5, "minutes", "Life of the pairing code of the helper program.")
    relay_urls: str = setting(
        "", "URLs", "STUN and TURN addresses for voice, space between: `turn:host:3478?transport=udp turns:host:443`."
    )
    relay_secret: str = setting("", "secret", "coturn's `static-auth-secret`; log-ins last ten minutes.", secret=True)
    accept_days: int = setting(5, "working days", "Time to accept, return or refuse a case (行政许可法 32).")
    decide_days: int = setting(20, "working days", "Time to decide a case whose item promises no number of days.")
    owed_days: int = setting(10, "working days", "Time that the form proposes for materials that may follow.")
    near_days: int = setting(2, "working days", "So long before its end a term is marked as near.")
    follow_limit: str = setting("20 per minute", "rate", "Looks at the follow page allowed from one address.")
    rectify_days: int = setting(5, "working days", "Time to put right what a low rating complains of.")
    rectify_complex_days: int = setting(15, "working days", "The same where it turns out to be complex.")
    contact_days: int = setting(1, "working days", "Time to speak with a person who gave a low rating.")
    keep_device_days: int = setting(
        30, "days", "After a matter ended, service points wipe their copy (个人信息保护法 19: no longer than needed)."
    )
    keep_follow_days: int = setting(
        180, "days", "After a matter ended, its follow page closes (行政诉讼法 46: six months to go to court)."
    )
    keep_case_days: int = setting(
        365,
        "days",
        "After a matter ended, its personal data and files are wiped; at least 180 (行政复议法 20, 行政诉讼法 46).",
    )
    keep_rating_days: int = setting(
        365, "days", "After a visit was rated, the words to it are wiped (国办发〔2019〕51号; its level stays)."
    )
    keep_talk_days: int = setting(
        90, "days", "After a call ended, what was written in it is wiped (个人信息保护法 19, 47; our proposal)."
    )
    keep_link_days: int = setting(
        90, "days", "After a call ended, the samples of its link go; one line of figures for each call stays."
    )
    keep_quarantine_days: int = setting(
        180, "days", "After an event set aside was settled, its content is wiped (网络安全法 23: logs for six months)."
    )
    draft_url: str = setting(
        "",
        "URL",
        "OpenAI-compatible API of the model that drafts replies for agents, as http://127.0.0.1:11434/v1; empty: off.",
    )
    draft_key: str = setting(
        "", "secret", "Key that the draft model asks for; empty when it asks for none.", secret=True
    )
    draft_model: str = setting("", "name", "Name of the draft model at that URL.")
    draft_timeout_s: int = setting(30, "seconds", "How long one draft may take, 1 to 120; then the agent is told.")
    small_count: int = setting(10, "count", "Open data hides counts below this number; never below 5.")

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ, **overrides: Any) -> Settings:
        """Read the environment; raise Problem('setting.value') naming the variable that cannot be understood."""
        values: dict[str, Any] = {}
        for row in fields(cls):
            text = environ.get(PREFIX + row.name.upper())
            if text is None and row.name == "database_url":
                text = environ.get("DATABASE_URL")
            if text is not None:
                values[row.name] = _parse(row, text)
        return replace(cls(**values), **overrides).checked()

    def checked(self) -> Settings:
        """The same settings, or Problem('setting.value') when two of them contradict each other."""
        if self.small_count < 5:
            raise Problem("setting.value", name="JJB_SMALL_COUNT", value=self.small_count)
        if self.socket_limit > self.request_threads - 16:
            raise Problem("setting.value", name="JJB_SOCKET_LIMIT", value=self.socket_limit)
        if self.keep_case_days < 180:
            raise Problem("setting.value", name="JJB_KEEP_CASE_DAYS", value=self.keep_case_days)
        if self.village_lock_minutes < 1:
            raise Problem("setting.value", name="JJB_VILLAGE_LOCK_MINUTES", value=self.village_lock_minutes)
        if not 1_000 <= self.pin_rounds <= 10_000_000:
            raise Problem("setting.value", name="JJB_PIN_ROUNDS", value=self.pin_rounds)
        if callback.read_hours(self.callback_hours) is None:
            raise Problem("setting.value", name="JJB_CALLBACK_HOURS", value=self.callback_hours[:100])
        self._check_drafts()
        self._check_relay()
        return self

    def _check_relay(self) -> None:
        urls = self.relay_urls.split()
        if not all(re.fullmatch(r"(stun|turn)s?:[\w.\-\[\]:]+(\?transport=(udp|tcp))?", url) for url in urls):
            raise Problem("setting.value", name="JJB_RELAY_URLS", value=self.relay_urls[:200])
        if any(url.startswith("turn") for url in urls) and len(self.relay_secret) < 16:
            raise Problem("setting.value", name="JJB_RELAY_SECRET", value="……")

    def _check_drafts(self) -> None:
        if not self.draft_url:
            return
        if not _goes_safely(self.draft_url):
            raise Problem("setting.value", name="JJB_DRAFT_URL", value=self.draft_url.split("@")[-1])
        if not re.fullmatch(r"[!-~]*", self.draft_key):
            raise Problem("setting.value", name="JJB_DRAFT_KEY", value="……")
        if not 1 <= len(self.draft_model.strip()) <= 100:
            raise Problem("setting.value", name="JJB_DRAFT_MODEL", value=self.draft_model[:100])
        if not 1 <= self.draft_timeout_s <= 120:
            raise Problem("setting.value", name="JJB_DRAFT_TIMEOUT_S", value=self.draft_timeout_s)

    @property
    def store_url(self) -> str:
        """SQLAlchemy URL of the central store."""
        return self.database_url or f"sqlite:///{self.data.resolve() / 'centre.db'}"


def _goes_safely(url: str) -> bool:
    """Whether a URL names a server and nothing else: by TLS, or without it only to a machine of our own network."""
    try:
        found = urlsplit(url)
        host, _ = found.hostname or "", found.port
    except ValueError:
        return False
    if not host or found.username is not None or found.query or found.fragment or re.search(r"[\x00-\x20\x7f]", url):
        return False
    return found.scheme == "https" or (found.scheme == "http" and _near(host))


def _near(host: str) -> bool:
    try:
        return ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith((".local", ".internal", ".lan"))


def _parse(row: Field[Any], text: str) -> Any:
    kind: Any = type(row.default)
    try:
        if kind is bool:
            return {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}[text.lower()]
        if kind is int:
            number = int(text)
            if number < 0:
                raise ValueError(text)
            return number
        return kind(text)
    except (KeyError, ValueError) as error:
        raise Problem("setting.value", name=PREFIX + row.name.upper(), value=text) from error
