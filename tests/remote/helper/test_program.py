"""The real helper with its real window on a screen of its own, against a centre's door that is played by the test."""

from __future__ import annotations

import io
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_sock import Sock
from PIL import Image
from werkzeug.serving import make_server

from remote.helper import tiles
from remote.helper.life import CONTROL, VIEW
from remote.helper.link import Refused, door

ROOT = Path(__file__).resolve().parents[3]


class Door:
    """`/ws/helper` as the protocol describes it; remembers what came."""

    def __init__(self) -> None:
        self.frames: queue.Queue[dict[str, Any]] = queue.Queue()
        self.picture = Image.new("RGB", (1280, 720))
        self.answer, self.pinged = True, False
        self.batches = 0
        self.n = 0
        self.gone = threading.Event()
        self.alive = True
        app = Flask("door")
        app.config["SOCK_SERVER_OPTIONS"] = {"max_message_size": 64 * 1024}

        @Sock(app).route("/ws/helper")
        def helper(ws: Any) -> None:
            self.ws = ws
            first = json.loads(ws.receive())
            if first["code"] != "12345678":
                self.send(type="problem", error={"message": "配对码不对。", "next": "请核对。"})
                return
            self.send(type="paired", talk="t", agent_name="杨客服", point_name="丙中洛村")
            self.send(type="watch", on=True)
            try:
                while self.alive:
                    self.take(ws.receive())
            finally:
                self.gone.set()

        self.server = make_server("127.0.0.1", 0, app, threaded=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def send(self, **frame: Any) -> None:
        self.ws.send(json.dumps(frame))

    def take(self, message: Any) -> None:
        if isinstance(message, bytes):
            batch = tiles.read(message)
            self.batches += 1
            for one in batch.pieces:
                piece = Image.open(io.BytesIO(one.picture)).convert("RGB").resize((one.w, one.h))
                self.picture.paste(piece, (one.x, one.y))
            if self.answer:
                self.send(type="ack", n=batch.number)
            return
        frame = json.loads(message)
        if frame["type"] == "grant":
            for_s = {VIEW: 3600, CONTROL: 600}[frame["kind"]] if frame["given"] else 0
            self.send(type="granted", kind=frame["kind"], given=frame["given"], for_s=for_s)
        elif frame["type"] == "ping":
            self.pinged = True
            self.send(type="pong")
            return
        self.frames.put(frame)
        if frame["type"] == "stop":
            self.alive = False
            self.ws.close()

    def act(self, *events: list[Any]) -> None:
        self.n += 1
        self.send(type="input", n=self.n, events=list(events))

    def red(self) -> bool:
        """Whether the picture that arrived shows the banner."""
        r, g, b = self.picture.getpixel((640, 4))
        return r > 140 and g < 90 and b < 90


@pytest.fixture
def door_() -> Iterator[Door]:
    one = Door()
    yield one
    one.alive = False
    one.server.shutdown()


class Desktop:
    """The helper's window and a program to be helped with, in this process, on the test's screen."""

    def __init__(self, address: str) -> None:
        import tkinter as tk

        from remote.helper.window import Window

        self.window = Window(address, "12345678")
        self.root = self.window.root
        self.root.geometry("+700+300")
        self.form = tk.Toplevel(self.root)
        self.form.geometry("400x200+60+120")
        self.entry = tk.Entry(self.form, width=30, font=("", 20))
        self.entry.pack(padx=20, pady=20)
        self.form.bind("<KeyRelease>", lambda event: self.lifted.append(event.keysym))
        self.form.bind("<KeyPress>", lambda event: self.pressed.append(event.keysym))
        self.pressed: list[str] = []
        self.lifted: list[str] = []

    def until(self, true: Callable[[], Any], seconds: float = 15) -> None:
        end = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end, (
                self.entry.get(),
                self.window.helper and self.window.helper.seen(),
                self.pressed,
            )
            self.root.update()
            time.sleep(0.005)

    def press(self, name: str) -> None:
        """The guide presses a button of the helper's window."""
        self.until(lambda: name in self.window.buttons)
        self.window.buttons[name].invoke()

    def at(self, x: int, y: int) -> list[Any]:
        return ["move", x * 65536 // 1280 + 30, y * 65536 // 720 + 50]

    def field(self) -> list[Any]:
        self.root.update()
        return self.at(self.entry.winfo_rootx() + 50, self.entry.winfo_rooty() + 12)


@pytest.fixture
def desktop(screen: str, door_: Door) -> Iterator[Desktop]:
    one = Desktop(door_.url)
    one.until(lambda: one.window.helper)
    yield one
    one.window.stop("window")
    assert one.window.helper and one.window.helper.gone.wait(5)
    one.root.destroy()


@pytest.fixture
def controlled(desktop: Desktop, door_: Door) -> Desktop:
    desktop.press("allow_view")
    desktop.until(door_.red)
    desktop.press("allow_control")
    desktop.until(lambda: "take_control" in desktop.window.buttons)
    helper = desktop.window.helper
    assert helper
    desktop.until(lambda: not helper.life.paused(time.monotonic()))
    return desktop


def xdotool(*words: str) -> None:
    subprocess.run(["xdotool", *words], check=True)


def test_a_wrong_code_is_told_in_the_window(screen: str, door_: Door) -> None:
    import tkinter as tk

    from remote.helper.window import Window

    window = Window(door_.url, "99999999")
    end = time.monotonic() + 10

    def words() -> str:
        return "".join(str(one.cget("text")) for one in window.body.winfo_children() if isinstance(one, tk.Label))

    while "配对码不对" not in words() and time.monotonic() < end:
        window.root.update()
        time.sleep(0.01)
    assert "配对码不对。请核对。" in words()
    assert window.code.get() == ""
    window.root.destroy()


@pytest.mark.parametrize("address", ["http://10.0.0.1", "ftp://a", "", "https://u:p@a.cn", "http://centre.cn:8080"])
def test_an_address_that_is_not_safe_is_refused(address: str) -> None:
    with pytest.raises(Refused):
        door(address)


def test_a_safe_address_leads_to_the_door() -> None:
    assert door("centre.cn/") == "wss://centre.cn/ws/helper"
    assert door(" https://centre.cn:8443 ") == "wss://centre.cn:8443/ws/helper"
    assert door("http://127.0.0.1:8080") == "ws://127.0.0.1:8080/ws/helper"


def test_nothing_is_shown_before_the_guide_allows_it_and_then_what_changes(desktop: Desktop, door_: Door) -> None:
    desktop.until(lambda: "allow_view" in desktop.window.buttons)
    desktop.form.configure(bg="#00ff00")
    time.sleep(0.4)
    assert door_.batches == 0 and desktop.window.banner is None
    desktop.press("allow_view")
    desktop.until(lambda: door_.picture.getpixel((100, 250))[1] > 200)
    desktop.until(door_.red)
    desktop.form.configure(bg="#0000ff")
    desktop.until(lambda: door_.picture.getpixel((100, 250))[2] > 200 and door_.picture.getpixel((100, 250))[1] < 90)
    desktop.press("take_view")
    desktop.until(lambda: desktop.window.banner is None)
    time.sleep(0.3)
    before = door_.batches
    desktop.form.configure(bg="#00ff00")
    desktop.root.update()
    time.sleep(0.6)
    assert door_.batches == before


def test_the_agent_types_into_a_field_only_after_control_was_allowed(desktop: Desktop, door_: Door) -> None:
    desktop.press("allow_view")
    desktop.until(door_.red)
    door_.act(desktop.field(), ["down", "left"], ["up", "left"], ["text", "no"])
    door_.send(type="granted", kind="nothing", given=False)
    time.sleep(0.3)
    desktop.root.update()
    assert desktop.entry.get() == ""
    desktop.press("allow_control")
    desktop.until(lambda: "take_control" in desktop.window.buttons)
    assert "allow_view" not in desktop.window.buttons  # the agent's hand must find nothing to allow
    helper = desktop.window.helper
    assert helper
    desktop.until(lambda: not helper.life.paused(time.monotonic()))
    door_.act(desktop.field(), ["down", "left"], ["up", "left"], ["text", "Ab1 c"])
    desktop.until(lambda: desktop.entry.get() == "Ab1 c")
    door_.act(["key", "Control", True], ["key", "a", True], ["key", "a", False], ["key", "Control", False])
    door_.act(["key", "Z", True], ["key", "Z", False], ["text", "张三"])
    desktop.until(lambda: "张三" in desktop.entry.get())
    # a frame that comes again does nothing again
    door_.n -= 1
    door_.act(["text", "twice"])
    door_.act(["key", "x", True], ["key", "x", False])
    desktop.until(lambda: "x" in desktop.entry.get())
    assert "twice" not in desktop.entry.get()


@pytest.mark.parametrize("by", ["banner", "hotkey", "f12", "centre", "link"])
def test_every_way_to_stop_lets_go_of_what_is_held_and_nothing_follows(
    controlled: Desktop, door_: Door, by: str
) -> None:
    window, helper = controlled.window, controlled.window.helper
    assert helper and window.banner
    door_.act(controlled.field(), ["down", "left"], ["up", "left"], ["key", "Shift", True], ["key", "q", True])
    controlled.until(lambda: {"Shift", "q"} <= helper.hands.held)
    match by:
        case "banner":
            window.banner.button.invoke()
        case "hotkey":
            xdotool("key", "Pause")
        case "f12":
            xdotool("key", "F12", "key", "F12")
        case "centre":
            door_.send(type="stop", reason="agent")
        case "link":
            door_.alive = False
            door_.ws.close()
    reason = {"f12": "hotkey", "centre": "agent"}.get(by, by)
    controlled.until(lambda: helper.life.over == reason)
    controlled.until(lambda: not helper.hands.held)
    controlled.until(lambda: window.banner is None and "again" in window.buttons)
    controlled.until(lambda: "q" in [one.lower() for one in controlled.lifted])
    typed = controlled.entry.get()
    helper._act({"n": 1000, "events": [["text", "after"]]})
    controlled.root.update()
    assert controlled.entry.get() == typed
    if by in ("banner", "hotkey"):
        while (frame := door_.frames.get(timeout=5))["type"] != "stop":
            pass
        assert frame["reason"] == reason
    assert door_.gone.wait(5)


def test_the_guides_own_touch_pauses_the_agent(controlled: Desktop, door_: Door) -> None:
    helper = controlled.window.helper
    assert helper
    door_.act(controlled.field(), ["down", "left"], ["up", "left"], ["key", "w", True])
    controlled.until(lambda: "w" in helper.hands.held)
    xdotool("mousemove", "900", "600")
    controlled.until(lambda: not helper.hands.held)
    while (frame := door_.frames.get(timeout=5))["type"] != "paused":
        pass
    assert frame["on"] is True
    door_.act(["text", "not now"])
    while (frame := door_.frames.get(timeout=8))["type"] != "paused":
        controlled.root.update()
    assert frame["on"] is False
    door_.act(controlled.field(), ["down", "left"], ["up", "left"], ["text", "go on"])
    controlled.until(lambda: "go on" in controlled.entry.get())
    assert "not" not in controlled.entry.get()


def test_a_grant_that_is_over_rests_the_hands_by_itself(controlled: Desktop, door_: Door) -> None:
    helper = controlled.window.helper
    assert helper
    door_.send(type="granted", kind=CONTROL, given=True, for_s=1)
    door_.act(["key", "Shift", True])
    controlled.until(lambda: "Shift" in helper.hands.held)
    controlled.until(lambda: not helper.hands.held)
    controlled.until(lambda: "allow_control" in controlled.window.buttons)
    assert controlled.window.banner


def test_a_viewer_who_does_not_answer_gets_nothing_more(desktop: Desktop, door_: Door) -> None:
    door_.answer = False
    desktop.press("allow_view")
    desktop.until(lambda: door_.batches == 2)
    for colour in ("#ff00ff", "#00ffff", "#ffff00"):
        desktop.form.configure(bg=colour)
        desktop.root.update()
        time.sleep(0.2)
    assert door_.batches == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_program_and_tells_the_centre(screen: str, door_: Door, number: int) -> None:
    command = [sys.executable, "-m", "remote.helper", door_.url, "--code", "12345678"]
    with subprocess.Popen(command, cwd=ROOT, env={**os.environ, "DISPLAY": screen}) as program:
        end = time.monotonic() + 20
        while not door_.pinged and time.monotonic() < end:
            time.sleep(0.05)
        program.send_signal(number)
        while (frame := door_.frames.get(timeout=10))["type"] != "stop":
            pass
        assert frame["reason"] == "signal"
        assert program.wait(10) == 0


def test_the_one_file_starts_and_says_what_it_is(tmp_path: Path) -> None:
    from deploy.helper import build

    told = subprocess.run(
        [sys.executable, build(tmp_path / "helper.pyz"), "--help"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "让客服在您同意后看和操作这台电脑" in told.stdout
