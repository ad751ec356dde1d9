"""A village's computer by the helper: click to pixel through a real centre, processor time idle and busy, time to stop.

Everything runs on this machine: an empty X screen of 1280x720 (Xvfb), the helper with its window, the centre, and an agent's end in
Python that decodes each picture. No browser paints and no link slows.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import websocket
from PIL import Image

from app import create_app
from app.settings import Settings
from app.setup import setup
from deploy.benches import Row, Unusable, percentile, row
from deploy.environment import ROOT
from remote.helper import tiles
from tests.app.desk.conftest import End, call, running
from tests.app.desk.test_computer import Computer
from tests.app.village import Village
from tests.remote.helper.conftest import MISSING, empty_screen

LAMP = """
import tkinter as tk
root = tk.Tk(); root.geometry("300x200+800+400"); root.configure(bg="#0000ff")
def flip(_): root.configure(bg="#00ff00" if root["bg"] == "#0000ff" else "#0000ff")
root.bind("<Button-1>", flip)
root.mainloop()
"""
BUSY = """
import random, tkinter as tk
root = tk.Tk(); root.geometry("500x250+300+450")
text = tk.Label(root, font=("", 14), justify="left", wraplength=480); text.pack()
def write(): text.configure(text="".join(random.choice("个人基本信息社会保险登记事项办理结果 abc123") for _ in range(200))); root.after(100, write)
write()
root.mainloop()
"""
X, Y = 950, 500


def run(quick: bool) -> list[Row]:
    """Milliseconds and shares of one core."""
    if MISSING:
        raise Unusable(f"not installed: {', '.join(MISSING)} (remote/helper/README.md)")
    with tempfile.TemporaryDirectory() as folder, empty_screen() as display:
        app = create_app(Settings(data=Path(folder)))
        setup(app, demo=True)
        env = {**os.environ, "DISPLAY": display, "PYTHONPATH": str(ROOT)}
        with running(app) as wire, _program(env, "-c", LAMP):
            computer = _talk(app, wire)
            kills = [_kill(computer, env) for _ in range(3 if quick else 8)]
            with _controlled(computer, env) as (helper, looks):
                time.sleep(3)
                idle = _share(helper, looks, 10 if quick else 30)
                clicks = [_click(looks, number) for number in range(1, (10 if quick else 40) + 1)]
                with _program(env, "-c", BUSY):
                    time.sleep(2)
                    busy = _share(helper, looks, 10 if quick else 30)
        app.extensions["jjb_db"].close()
    return [
        row("click to pixel, p50", clicks, "ms"),
        row("click to pixel, p90", [percentile(clicks, 90)], "ms", at_most=150),
        row("processor, still screen", [idle], "% of a core", at_most=4),
        row("processor, text changing 10 times a second", [busy], "% of a core", at_most=20),
        row("stop key to told at the desk, p50", kills, "ms"),
        row("stop key to told at the desk, worst", [max(kills)], "ms", at_most=100),
    ]


def _talk(app: Any, wire: Any) -> Computer:
    """A village and an agent in a talk."""
    password = json.loads((app.extensions["jjb_settings"].data / "demo.json").read_text())["password"]
    browser = app.test_client()
    token = re.search('name="csrf_token"[^>]*value="([^"]+)"', browser.get("/login").get_data(as_text=True))
    assert token
    browser.post("/login", data={"username": "agent1", "password": password, "csrf_token": token[1]})
    cookie = "; ".join(f"{one.key}={one.value}" for one in browser._cookies.values())
    village, talk = call(wire, Village(app)), str(uuid.uuid4())
    agent = End(wire.url + "/ws/desk", cookie=cookie, origin=wire.url)
    village.send(type="open", client_id=talk)
    village.next("state")
    agent.send(type="claim", talk=talk)
    village.until(lambda frame: frame.get("state") == "active")
    return Computer(app, wire, lambda _: browser, village, agent, talk)


@contextmanager
def _program(env: dict[str, str], *arguments: str) -> Iterator[psutil.Process]:
    with subprocess.Popen([sys.executable, *arguments], env=env, stderr=subprocess.DEVNULL) as started:
        yield psutil.Process(started.pid)
        started.terminate()


@contextmanager
def _controlled(computer: Computer, env: dict[str, str]) -> Iterator[tuple[psutil.Process, End]]:
    """The helper as a program of its own, both grants given in its window by keys, and the agent's end."""
    arguments = ("-m", "remote.helper", computer.wire.url, "--code", computer.code())
    with _program(env, *arguments) as helper:
        computer.village.until(lambda frame: frame.get("state") == "paired")
        looks = computer.look()
        for key, state in (("alt+l", "view"), ("alt+c", "control")):
            _press(env, key, looks, state)
        time.sleep(4)  # the guide's own keys make the agent's hands rest
        _watch(looks, 0.2)
        yield helper, looks
        looks.ws.close()


def _press(env: dict[str, str], key: str, looks: End, state: str) -> None:
    """A key in the helper's window, again until it was there to take it."""
    for _ in range(40):
        found = _xdotool(env, "search", "--onlyvisible", "--class", "jjb-helper").split()
        if found:
            _xdotool(env, "mousemove", "--window", found[0], "20", "20", "key", key)
        if any(frame.get("state") == state for frame in _watch(looks, 0.5)):
            return
    raise Unusable(f"the helper's window did not take {key}")


def _xdotool(env: dict[str, str], *words: str) -> str:
    return subprocess.run(["xdotool", *words], env=env, capture_output=True, text=True, check=False).stdout


def _watch(looks: End, seconds: float) -> list[dict[str, Any]]:
    """Answer pictures as a desk does; the frames that came meanwhile."""
    frames, end = [], time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        looks.ws.settimeout(left)
        with suppress(websocket.WebSocketTimeoutException):
            data = looks.ws.recv()
            if isinstance(data, bytes):
                looks.send(type="ack", n=tiles.read(data).number)
            elif data:
                frames.append(json.loads(data))
    looks.ws.settimeout(10)
    return frames


def _share(helper: psutil.Process, looks: End, seconds: float) -> float:
    """Processor time of the helper while the agent looks, in % of a core."""
    before = helper.cpu_times()
    _watch(looks, seconds)
    after = helper.cpu_times()
    return float(100 * (after.user + after.system - before.user - before.system) / seconds)


def _click(looks: End, number: int) -> float:
    """From the agent's click until its effect is in a decoded picture, in ms. The lamp changes from blue to green and back."""
    _watch(looks, 0.35)
    at = ["move", X * 65536 // 1280 + 30, Y * 65536 // 720 + 50]
    began = time.monotonic()
    looks.send(type="input", n=number, events=[at, ["down", "left"], ["up", "left"]])
    while True:
        data = looks.ws.recv()
        if not isinstance(data, bytes):
            continue
        batch = tiles.read(data)
        colours = [_colour(one) for one in batch.pieces if one.x <= X < one.x + one.w and one.y <= Y < one.y + one.h]
        seen = time.monotonic()
        looks.send(type="ack", n=batch.number)
        if any((green > blue) == bool(number % 2) for green, blue in colours):
            return 1000 * (seen - began)


def _colour(piece: tiles.Piece) -> tuple[int, int]:
    picture = Image.open(io.BytesIO(piece.picture)).convert("RGB")
    x, y = (X - piece.x) * picture.width // piece.w, (Y - piece.y) * picture.height // piece.h
    pixel = picture.getpixel((x, y))
    assert isinstance(pixel, tuple)
    return int(pixel[1]), int(pixel[2])


def _kill(computer: Computer, env: dict[str, str]) -> float:
    """From the start of the program that presses Pause until the agent's end is told, a key being held, in ms."""
    with _controlled(computer, env) as (_, looks):
        looks.send(type="input", n=1, events=[["key", "Shift", True]])
        _watch(looks, 0.5)
        began = time.monotonic()
        with subprocess.Popen(["xdotool", "key", "Pause"], env=env):
            while True:
                data = looks.ws.recv()
                if isinstance(data, str) and json.loads(data).get("state") == "stopped":
                    return 1000 * (time.monotonic() - began)
