"""Finds and reads the print in a picture: a program of its own with little memory and time, since pictures come from outside.

`scanner.py [THREADS]`, a JPEG on standard input; on standard output JSON: `lines`, each [text, sure, left, top, right, bottom]
with places in parts of the picture, and `turned`: whether it had to be turned first (then the places are of the turned one). It imports nothing of ours, writes nothing, reaches no network (the models lie in the
package) and ends after one picture, so that nothing of a card stays in memory. Started by `engine.py`.
"""

from __future__ import annotations

import io
import json
import os
import resource
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image

MEMORY = 4_000_000_000
"""Bytes of address space; about 0.7 GB of it is used."""
SECONDS = 40
"""Of one core."""
MOST_PIXELS = 40_000_000
SIDE = 1600
"""Pixels of the longer side that is looked at."""


def main() -> int:
    """0 when it went through, 3 when it is no picture that can be read."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    os.nice(5)  # the rest of the centre goes first
    threads = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    from PIL import Image, ImageOps, UnidentifiedImageError  # after the limits, so that they hold for it

    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    try:
        photo = Image.open(io.BytesIO(sys.stdin.buffer.read()), formats=("JPEG",))
        photo.draft("RGB", (SIDE, SIDE))
        picture = ImageOps.exif_transpose(photo).convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return 3
    picture.thumbnail((SIDE, SIDE))
    json.dump(_lines(picture, threads), sys.stdout)
    return 0


def _lines(picture: Image.Image, threads: int) -> dict[str, Any]:
    import numpy
    from rapidocr import RapidOCR

    quiet = {"Global.log_level": "critical", "EngineConfig.onnxruntime.intra_op_num_threads": threads}
    engine = RapidOCR(params=quiet)

    def look(at: Image.Image) -> list[tuple[Any, ...]]:
        """(text, score, left, top, right, bottom) in pixels."""
        found: Any = engine(numpy.asarray(at)[:, :, ::-1])
        if found.boxes is None:
            return []
        edges = ((*box.min(axis=0), *box.max(axis=0)) for box in found.boxes)
        return list(zip(found.txts, found.scores, *zip(*edges, strict=True), strict=True))

    lines = look(picture)
    tall = sum(bottom - top > 1.5 * (right - left) for _text, _score, left, top, right, bottom in lines)
    turned = bool(tall > len(lines) / 2)
    if turned:
        picture = picture.rotate(90, expand=True)
        lines = look(picture)
    size = (*picture.size, *picture.size)
    rows = [
        [text, round(float(score), 3), *(round(float(edge) / side, 4) for edge, side in zip(edges, size, strict=True))]
        for text, score, *edges in lines
    ]
    return {"turned": turned, "lines": rows}


if __name__ == "__main__":
    sys.exit(main())
