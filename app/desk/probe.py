"""The link test of a village's computer and of a desk, against the centre's own echo (remote/media/echo.py)."""

from __future__ import annotations

from typing import Annotated

from flask import current_app
from msgspec import Meta

from app.desk.frames import Frame
from app.problems import Problem
from remote.media import echo

Offer = Annotated[str, Meta(min_length=2, max_length=16_384)]


class LinkTest(Frame, tag="test"):
    """A browser offers a data channel to the centre."""

    offer: Offer


def answer(offer: str) -> str:
    """The centre's answer; Problem test.busy | test.offer."""
    centre: echo.Echo = current_app.extensions.setdefault("jjb_echo", echo.Echo())
    try:
        return centre.answer(offer)
    except echo.Refused as error:
        raise (Problem("test.busy") if str(error) == "busy" else Problem("test.offer")) from error
