"""The screen of this computer: grabbed by mss, pictured by Pillow (WebP, PNG where Pillow has none)."""

from __future__ import annotations

import io

from PIL import Image, features

WEBP = features.check("webp")


class Screen:
    """The first screen. Use it from one thread: an X connection belongs to the thread that opened it."""

    def __init__(self) -> None:
        import mss  # needs a screen, so not on import

        self._grabber = mss.mss()
        one = self._grabber.monitors[1]
        self.box = (one["left"], one["top"], one["width"], one["height"])

    def grab(self) -> tuple[bytes, int, int]:
        """(four bytes a pixel, width, height)."""
        left, top, width, height = self.box
        shot = self._grabber.grab({"left": left, "top": top, "width": width, "height": height})
        return bytes(shot.bgra), shot.width, shot.height


def encode(grab: bytes, width: int, place: tuple[int, int, int, int], coarse: bool) -> bytes:
    """The picture of a part of a grab; `coarse` for a weak link: half as wide and high."""
    x, y, w, h = place
    lines = (grab[((y + line) * width + x) * 4 : ((y + line) * width + x + w) * 4] for line in range(h))
    picture = Image.frombuffer("RGB", (w, h), b"".join(lines), "raw", "BGRX", 0, 1)
    if coarse:
        picture = picture.resize((max(1, w // 2), max(1, h // 2)), Image.Resampling.BOX)
    out = io.BytesIO()
    if WEBP:
        picture.save(out, "WEBP", quality=35 if coarse else 70, method=2 if coarse else 0)
    else:
        picture.quantize(64).save(out, "PNG")
    return out.getvalue()
