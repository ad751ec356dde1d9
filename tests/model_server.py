"""A model server on a real socket that speaks the chat-completions API; a test says how it answers, well or badly."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Act = Callable[["Handler", dict[str, Any]], None]


class Handler(BaseHTTPRequestHandler):
    """One request; `act` of the server answers it."""

    protocol_version = "HTTP/1.1"
    server: ModelServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append({"path": self.path, "headers": dict(self.headers), "body": body})
        with suppress(BrokenPipeError, ConnectionResetError):  # the centre may hang up, as it should
            self.server.act(self, body)
        self.close_connection = True

    def reply(self, raw: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def say(self, content: Any) -> None:
        """A completion with this text, or with this value as JSON."""
        text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        whole = {"id": "chatcmpl-1", "object": "chat.completion", "model": "test", "choices": [choice]}
        self.reply(json.dumps(whole, ensure_ascii=False).encode())

    def log_message(self, *_: Any) -> None:
        pass


class ModelServer(ThreadingHTTPServer):
    """Remembers what it was asked; `over` is set when the test ends, so that nobody hangs longer."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[dict[str, Any]] = []
        self.over = threading.Event()
        self.act: Act = lambda handler, body: handler.say({"sentences": [], "insufficient": True})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def given(self) -> dict[str, Any]:
        """What the last call gave the model besides its orders: {messages, sources}."""
        return json.loads(self.asked[-1]["body"]["messages"][-1]["content"])  # type: ignore[no-any-return]


@contextmanager
def model_server() -> Iterator[ModelServer]:
    """A running server; stopped at the end, hanging answers included."""
    server = ModelServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield server
    server.over.set()
    server.shutdown()
    server.server_close()


def quoting(part: str, make: Callable[[Mapping[str, str]], list[dict[str, str]]]) -> Act:
    """An answer made from the first source of that part (its label), as a good model makes it."""

    def act(handler: Handler, body: dict[str, Any]) -> None:
        sources = json.loads(body["messages"][-1]["content"])["sources"]
        handler.say({"sentences": make(next(one for one in sources if one["part"] == part)), "insufficient": False})

    return act
