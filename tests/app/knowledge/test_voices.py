"""本地话录音: from the microphone to the release, and everything that is no recording."""

from __future__ import annotations

import io
import math
import re
import struct
import wave
from collections.abc import Callable
from typing import Any

import av
import numpy
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.knowledge import media, voices
from tests.sync.test_files import jpeg

LogIn = Callable[[str], FlaskClient]
PAGE = "/knowledge/items/id-card/voices"


def sound(seconds: float = 3.0, loud: float = 0.4, kind: str = "webm", codec: str = "libopus") -> bytes:
    """A tone as a browser's recorder writes it."""
    data = io.BytesIO()
    with av.open(data, "w", format=kind) as paper:
        stream = paper.add_stream(codec, rate=48000, layout="mono")
        at = numpy.arange(int(48000 * seconds))
        tone = (numpy.sin(at * 2 * math.pi * 440 / 48000) * loud * 32767).astype("int16")
        for start in range(0, len(tone), 960):
            frame = av.AudioFrame.from_ndarray(tone[start : start + 960].reshape(1, -1), format="s16", layout="mono")
            frame.sample_rate, frame.pts = 48000, start
            paper.mux(stream.encode(frame))
        paper.mux(stream.encode(None))
    return data.getvalue()


def plain_wave() -> bytes:
    data = io.BytesIO()
    with wave.open(data, "wb") as paper:
        paper.setnchannels(1)
        paper.setsampwidth(2)
        paper.setframerate(8000)
        paper.writeframes(struct.pack("<h", 9000) * 24000)
    return data.getvalue()


def send(client: FlaskClient, path: str, **fields: Any) -> TestResponse:
    page = client.get(PAGE).get_data(as_text=True)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    return client.post(
        path, data={"csrf_token": token[1] if token else "", **fields}, content_type="multipart/form-data"
    )


def hand_in(client: FlaskClient, data: bytes, **other: str) -> TestResponse:
    fields = {
        "language": "lis", "text": "办身份证要带户口簿，到派出所照相。", "speaker": "阿普试", "consent_on": "2026-01-05",
        "consent_form": "paper", "agreed": "yes", **other,
    }  # fmt: skip
    return send(client, PAGE, sound=(io.BytesIO(data), "a.webm"), **fields)


def only(app: Flask) -> Any:
    with app.app_context(), app.extensions["jjb_db"].read() as connection:
        return voices.voices(connection, item="id-card")[0]


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_a_recording_is_heard_by_a_second_person_released_replaced_and_stopped(app: Flask, log_in: LogIn) -> None:
    editor, reviewer = log_in("editor"), log_in("reviewer")
    data = sound()
    assert hand_in(editor, data).status_code == 302
    one = only(app)
    assert (one.state, one.seconds, one.speaker, one.type) == ("submitted", 3, "阿*试", "audio/webm")  # no full name
    reply = editor.get(f"/knowledge/voices/{one.id}/sound")
    assert (reply.data, reply.mimetype) == (data, "audio/webm")

    # only a reviewer lets it pass, and only what passed is released
    assert send(editor, f"/knowledge/voices/{one.id}/approve").status_code == 403
    assert send(reviewer, "/knowledge/voices", note="先发").status_code == 409
    assert send(reviewer, f"/knowledge/voices/{one.id}/approve").status_code == 302
    assert send(reviewer, "/knowledge/voices", note="").status_code == 422
    assert send(reviewer, "/knowledge/voices", note="身份证的傈僳语说明").status_code == 302

    def released() -> list[media.Entry]:
        with app.app_context(), app.extensions["jjb_db"].read() as connection:
            return media.in_force(connection, app.extensions["jjb_settings"])

    assert [(e.item, e.kind, e.language, e.seconds) for e in released()] == [("id-card", "voice", "lis", 3)]
    assert "在用" in editor.get("/knowledge/voices").get_data(as_text=True)

    # a better one takes its place; the speaker takes the consent back, and it goes
    assert hand_in(editor, sound(4)).status_code == 302
    better = only(app)
    assert send(reviewer, f"/knowledge/voices/{better.id}/approve").status_code == 302
    assert send(reviewer, "/knowledge/voices", note="重新录过").status_code == 302
    assert [e.seconds for e in released()] == [4]
    assert send(reviewer, f"/knowledge/voices/{better.id}/stop", note="").status_code == 422
    assert send(reviewer, f"/knowledge/voices/{better.id}/stop", note="说话人收回同意").status_code == 302
    assert send(reviewer, "/knowledge/voices", note="停用").status_code == 302
    assert released() == []
    with app.app_context(), app.extensions["jjb_db"].read() as connection:
        assert {v.seconds: v.state for v in voices.voices(connection)} == {3: "replaced", 4: "stopped"}


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_what_is_no_recording_or_has_no_consent_is_refused_and_the_words_stay(app: Flask, log_in: LogIn) -> None:
    editor = log_in("editor")
    bad = {
        "不是能用的录音": (b"MZ" + bytes(2000), jpeg(), b"%PDF-1.7 no", plain_wave()),
        "打不开": (b"OggS" + bytes(3000), sound()[:400]),
        "应是 2 到 180 秒": (sound(0.6),),
        "听不到声音": (sound(3, 0.0),),
        "还没有录音": (b"",),
        "文件太大": (b"\x1aE\xdf\xa3" + bytes(2_097_152),),
    }
    for words, files in bad.items():
        for data in files:
            reply = hand_in(editor, data)
            page = reply.get_data(as_text=True)
            assert reply.status_code in (413, 415, 422), words
            assert words in page and "办身份证要带户口簿" in page, words
    for fields, words in (
        ({"agreed": ""}, "没有同意公开播放"),
        ({"consent_on": "2999-01-01"}, "晚于今天"),
        ({"consent_on": "x"}, "同意的日期"),
        ({"language": "tlh"}, "哪种话"),
        ({"speaker": " "}, "姓名"),
        ({"text": ""}, "说了什么"),
    ):
        reply = hand_in(editor, sound(), **fields)
        assert reply.status_code == 422 and words in reply.get_data(as_text=True), words
    with app.app_context(), app.extensions["jjb_db"].read() as connection:
        assert voices.voices(connection) == []
    assert hand_in(log_in("reviewer"), sound()).status_code == 403
    assert editor.get("/knowledge/items/nothing/voices").status_code == 404


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_who_recorded_it_may_take_it_back_and_nobody_passes_an_own_one(app: Flask, log_in: LogIn) -> None:
    editor, admin, reviewer = log_in("editor"), log_in("admin"), log_in("reviewer")
    assert hand_in(admin, sound()).status_code == 302
    mine = only(app)
    refused = send(admin, f"/knowledge/voices/{mine.id}/approve")
    assert (refused.status_code, refused.json["error"]["code"]) == (403, "knowledge.own_review")
    assert send(editor, f"/knowledge/voices/{mine.id}/withdraw").status_code == 403
    assert send(reviewer, f"/knowledge/voices/{mine.id}/reject", note="有杂音").status_code == 302
    assert "有杂音" in admin.get(PAGE).get_data(as_text=True)
    assert send(reviewer, f"/knowledge/voices/{mine.id}/approve").status_code == 409


def test_a_film_is_no_recording() -> None:
    assert voices.sound_fault(5, 0.5, 1) == "里面有画面，只要声音"
    assert voices.sound_fault(5, 0.5, 0) == ""
