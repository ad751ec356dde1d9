"""The engine of the village page as a window speaks to it: over its BroadcastChannel, whatever the screens look like."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Error, Page

from tests.journeys.centre import ROOT, Centre
from tests.journeys.guides import GUIDE, PIN

CALL = """([method, args, id]) => new Promise((resolve) => {
  const channel = new BroadcastChannel("jjb-store-1");
  id ??= crypto.randomUUID();
  const send = () => channel.postMessage({ kind: "call", id, method, args });
  const timer = setInterval(send, 300);
  channel.onmessage = ({ data }) => {
    if (data.id !== id || !["reply", "failed"].includes(data.kind)) return;
    clearInterval(timer);
    channel.close();
    resolve(data.kind === "reply" ? { value: data.value } : { problem: data.problem });
  };
  send();
})"""

PERSON = {
    "name": "测试花",
    "id_number": "533321189903151018",
    "phone": "13800000000",
    "region": "533301001003",
    "address": "",
}


class Store:
    """The store as one window sees it."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def ask(self, method: str, *args: Any, call_id: str | None = None) -> dict[str, Any]:
        """{"value": …} or {"problem": {code, message, next}}."""
        return self.page.evaluate(CALL, [method, list(args), call_id])  # type: ignore[no-any-return]

    def __call__(self, method: str, *args: Any) -> Any:
        found = self.ask(method, *args)
        assert "problem" not in found, f"{method}: {found.get('problem')}"
        return found["value"]

    def until(self, what: Callable[[dict[str, Any]], bool], seconds: float = 30) -> dict[str, Any]:
        """Status once it is so."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            status: dict[str, Any] = self("status")
            if what(status):
                return status
            time.sleep(0.2)
        raise AssertionError(f"never so: {self('status')}")


def open_village(context: BrowserContext, url: str) -> Store:
    page = context.new_page()
    page.on("console", lambda message: sys.stdout.write(f"console: {message.type} {message.text}\n"))
    page.on("pageerror", lambda error: sys.stdout.write(f"page error: {error}\n"))
    page.goto(url + "/village/")
    return Store(page)


def enrol(centre: Centre, store: Store, release: int = 1, seconds: float = 30) -> None:
    """Enrol the page and wait until it holds `release` of the knowledge."""
    code = centre.run("enrol-code", "hexie").split()[0]
    store("boot", None)
    store("enrol", code)
    store.until(lambda status: status["release"] == release and not status["syncing"], seconds)
    log_in(centre, store)


def log_in(centre: Centre, store: Store) -> None:
    store("admit", GUIDE, centre.password)
    store("setPin", PIN)


def unlock(store: Store) -> None:
    """The guide types the PIN, as after each start."""
    store("boot", None)
    store("unlock", store("people")["here"][0]["id"], PIN)


def file_case(store: Store, slug: str) -> str:
    draft = store("newDraft", slug, [])
    store("saveDraft", {**draft, "applicant": PERSON})
    return str(store("submit", draft["id"])["case_no"])


def wait_for_program(store: Store) -> None:
    """Until the service worker has stored the whole program."""
    store.page.evaluate("navigator.serviceWorker.ready.then(() => true)")


def events(centre: Centre) -> list[tuple[str, str]]:
    """(name, subject) of what the village sent, as the ledger has it."""
    from sqlalchemy import create_engine

    from app import ledger

    engine = create_engine(f"sqlite:///{centre.data / 'centre.db'}")
    with engine.connect() as connection:
        found = [(entry.name, entry.subject) for entry in ledger.read(connection) if entry.device_seq is not None]
    engine.dispose()
    return found


def slugs(store: Store) -> list[str]:
    return [item["slug"] for item in store("items", {})]


def processes_of(profile: str) -> list[int]:
    """Main processes of the Chromium that runs on a profile folder."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and f"--user-data-dir={profile}".encode() in (entry / "cmdline").read_bytes().split(
                b"\0"
            ):
                found.append(int(entry.name))
    return found


def kill_browser(context: BrowserContext, profile: Path) -> None:
    """Kill -9 all of the Chromium that runs on a profile folder, as a power cut would."""
    running = processes_of(str(profile))
    assert running
    for process in running:
        os.kill(process, signal.SIGKILL)
    with contextlib.suppress(Exception):
        context.close()


def until_true(page: Page, promise: str, seconds: float = 20) -> None:
    """Wait until what a promise of the page comes to is true: Playwright's own waiting takes any promise for true."""
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(Error):  # the page reloads under the question
            if page.evaluate(promise):
                return
        assert time.monotonic() < deadline, f"never true: {promise}"
        time.sleep(0.1)


class Static(BaseHTTPRequestHandler):
    """The built village page from a plain server; `mode` of the server makes it a captive portal or a newer version."""

    def do_GET(self) -> None:
        mode, path = self.server.mode, self.path.split("?")[0].removeprefix("/village/")  # type: ignore[attr-defined]
        file = ROOT / "pwa/dist" / (path or "index.html")
        if mode == "portal" or (mode == "portal for files" and path.startswith("assets/") and self.wants_hidden()):
            return self.answer(b"<html>please log in</html>", "text/html")
        if not file.is_file():
            return self.send_error(404)
        data = file.read_bytes()
        if path == "service-worker.js" and mode == "newer":
            data += b"\n// a newer version"
        if path == "service-worker.js" and mode == "kill switch":
            data = (ROOT / "pwa/src/sw/kill-switch.js").read_bytes()
        if path in ("", "index.html") and mode == "kill switch":
            data = data.replace(b"<body>", b"<body><!-- from the centre -->")
        kinds = {".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".wasm": "application/wasm",
                 ".svg": "image/svg+xml", ".png": "image/png", ".webmanifest": "application/manifest+json"}  # fmt: skip
        self.answer(data, kinds.get(Path(file).suffix, "application/octet-stream"))

    do_POST = do_GET

    def wants_hidden(self) -> bool:
        """True for what the service worker fetches to store it."""
        return "service-worker.js" in self.headers.get("Referer", "")

    def answer(self, data: bytes, kind: str) -> None:
        self.send_response(200)
        for name, value in {"Content-Type": kind, "Content-Length": len(data), "Cache-Control": "no-store"}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


def listening(port: int) -> ThreadingHTTPServer:
    """The server; a centre that was just killed may hold the port for a moment."""
    for _ in range(50):
        with contextlib.suppress(OSError):
            return ThreadingHTTPServer(("127.0.0.1", port), Static)
        time.sleep(0.1)
    raise OSError(f"port {port} stays taken")


@contextlib.contextmanager
def static(port: int = 0, mode: str = "") -> Iterator[ThreadingHTTPServer]:
    server = listening(port)
    server.mode = mode  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
