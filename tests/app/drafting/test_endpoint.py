"""The call to a model: whatever the other side does, an agent gets a text or a plain sentence, in time."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from app.drafting.endpoint import AT_ONCE, LARGEST_ANSWER, Endpoint
from app.problems import Problem
from app.settings import Settings
from tests.model_server import Act, Handler, ModelServer, model_server

ASK = [{"role": "user", "content": "测试的话"}]


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server() as server:
        yield server


def endpoint(url: str, timeout_s: int = 30) -> Endpoint:
    settings = Settings(draft_url=url, draft_model="qwen", draft_timeout_s=timeout_s, draft_key="sk-secret")
    found = Endpoint.from_settings(settings.checked())
    assert found is not None
    return found


def refusal(made: Endpoint) -> str:
    with pytest.raises(Problem) as found:
        made.complete(ASK)
    return found.value.code


def test_no_url_no_model() -> None:
    assert Endpoint.from_settings(Settings().checked()) is None


def test_it_speaks_the_chat_completions_api(server: ModelServer, caplog: pytest.LogCaptureFixture) -> None:
    server.act = lambda handler, body: handler.say("好的")
    made = endpoint(server.url + "/")
    with caplog.at_level(logging.INFO):
        assert made.complete(ASK) == "好的"
    [call] = server.asked
    assert call["path"] == "/v1/chat/completions"
    assert call["headers"]["Authorization"] == "Bearer sk-secret"
    assert call["body"]["model"] == "qwen" and call["body"]["messages"] == ASK and call["body"]["stream"] is False
    # and neither the text nor the key is in a log or in what is printed of it
    assert "测试的话" not in caplog.text and "sk-secret" not in caplog.text + repr(made)


def test_a_server_without_response_format_is_asked_again_without(server: ModelServer) -> None:
    server.act = lambda handler, body: (
        handler.reply(b'{"error": "unknown field"}', 400) if "response_format" in body else handler.say("好的")
    )
    assert endpoint(server.url).complete(ASK) == "好的"


def hang(handler: Handler, body: dict[str, Any]) -> None:
    handler.server.over.wait(30)


def hang_in_the_middle(handler: Handler, body: dict[str, Any]) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"choices": [')
    handler.server.over.wait(30)


def drip(handler: Handler, body: dict[str, Any]) -> None:
    """Always something, never an end: no timeout of a single read ever ends this."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not handler.server.over.wait(0.1):
        handler.wfile.write(b".")


def flood(handler: Handler, body: dict[str, Any]) -> None:
    handler.say("长" * LARGEST_ANSWER)


def cut(handler: Handler, body: dict[str, Any]) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"choices"')


def answering(raw: bytes, status: int = 200) -> Act:
    return lambda handler, body: handler.reply(raw, status)


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (hang, "reply.timeout"),
        (hang_in_the_middle, "reply.timeout"),
        (drip, "reply.timeout"),
        (flood, "reply.answer"),
        (cut, "reply.unreachable"),
        (lambda handler, body: handler.wfile.write(b"SSH-2.0-hello\r\n\r\n"), "reply.unreachable"),
        (lambda handler, body: None, "reply.unreachable"),
        (answering(b"", 429), "reply.busy"),
        (answering(b"<h1>Bad gateway</h1>", 502), "reply.broken"),
        (answering(b"{}", 401), "reply.refused"),
        (answering(b"{}", 404), "reply.refused"),
        (answering(b"{}", 302), "reply.refused"),
        (answering(b"{}", 400), "reply.refused"),
        (answering(b""), "reply.answer"),
        (answering(b"<html>"), "reply.answer"),
        (answering(b'{"choices": []}'), "reply.answer"),
        (answering(b'{"choices": [{"message": {"content": null}}]}'), "reply.answer"),
        (answering(b'{"choices": [{"message": {"content": " "}}]}'), "reply.answer"),
        (answering(b'{"choices": [{"message": {"content": ["a"]}}]}'), "reply.answer"),
        (answering(b"[" * 100_000), "reply.answer"),
        (answering(b'{"choices": [{"message": {"content": "\xff"}}]}'), "reply.answer"),
    ],
)
def test_every_failure_is_one_plain_problem(server: ModelServer, act: Act, code: str) -> None:
    server.act = act
    assert refusal(endpoint(server.url, timeout_s=1 if code == "reply.timeout" else 30)) == code


def test_nobody_there() -> None:
    with model_server() as server:
        url = server.url
    assert refusal(endpoint(url)) == "reply.unreachable"


def test_more_calls_than_the_model_bears_are_told_to_wait(server: ModelServer) -> None:
    begun, go = threading.Semaphore(0), threading.Event()

    def wait(handler: Handler, body: dict[str, Any]) -> None:
        begun.release()
        go.wait(10)
        handler.say("好的")

    server.act = wait
    made = Endpoint(server.url + "/chat/completions", "", "qwen", 10)
    answers: list[str] = []
    calls = [threading.Thread(target=lambda: answers.append(made.complete(ASK))) for _ in range(AT_ONCE)]
    for call in calls:
        call.start()
    for _ in calls:
        assert begun.acquire(timeout=10)
    assert refusal(made) == "reply.busy"
    go.set()
    for call in calls:
        call.join()
    assert answers == ["好的"] * AT_ONCE and made.complete(ASK) == "好的"


@pytest.mark.parametrize(
    ("bad", "name"),
    [
        ({"draft_url": "127.0.0.1:11434"}, "JJB_DRAFT_URL"),
        ({"draft_url": "ftp://model.internal/v1"}, "JJB_DRAFT_URL"),
        ({"draft_url": "http://api.example.com/v1"}, "JJB_DRAFT_URL"),
        ({"draft_url": "http://8.8.8.8/v1"}, "JJB_DRAFT_URL"),
        ({"draft_url": "https://user:pass@api.example.com/v1"}, "JJB_DRAFT_URL"),
        ({"draft_url": "https://api.example.com/v1?key=1"}, "JJB_DRAFT_URL"),
        ({"draft_url": "https://api.example.com:port/v1"}, "JJB_DRAFT_URL"),
        ({"draft_url": "https://api.example.com/v1\r\nX: y"}, "JJB_DRAFT_URL"),
        ({"draft_model": ""}, "JJB_DRAFT_MODEL"),
        ({"draft_model": "名" * 101}, "JJB_DRAFT_MODEL"),
        ({"draft_key": "sk-1\r\nX: y"}, "JJB_DRAFT_KEY"),
        ({"draft_timeout_s": 0}, "JJB_DRAFT_TIMEOUT_S"),
        ({"draft_timeout_s": 121}, "JJB_DRAFT_TIMEOUT_S"),
    ],
)
def test_a_bad_setting_stops_the_start_and_is_named(bad: dict[str, Any], name: str) -> None:
    good = {"draft_url": "http://127.0.0.1:11434/v1", "draft_model": "qwen"}
    with pytest.raises(Problem) as found:
        Settings(**{**good, **bad}).checked()
    assert (found.value.code, found.value.details["name"]) == ("setting.value", name)
    assert "pass" not in json.dumps(found.value.to_wire()) and "sk-1" not in json.dumps(found.value.to_wire())


@pytest.mark.parametrize(
    "url", ["https://api.example.com/v1", "http://localhost:8000/v1", "http://model:8000", "http://10.1.2.3/v1"]
)
def test_a_server_of_our_own_or_one_with_tls_is_accepted(url: str) -> None:
    assert Settings(draft_url=url, draft_model="qwen").checked().draft_url == url
    assert "sk-1" not in repr(Settings(draft_key="sk-1"))
