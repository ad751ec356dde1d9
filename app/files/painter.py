"""Paints pages of a PDF: a program of its own with little memory and time, since the papers come from outside.

`painter.py count` and `painter.py N` (from 1), the PDF on standard input; a number, or a JPEG, on standard output. It
imports nothing of ours and is started by `paint.py`, so that a paper that breaks the reader breaks nothing else.
"""

from __future__ import annotations

import io
import resource
import sys

MEMORY = 1_500_000_000
"""Bytes of address space; most of it is never used."""
SECONDS = 15
SIDE = 1600
"""Pixels of the longer side of a painted page."""


def main() -> int:
    """0 when it went through."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    import pypdfium2  # after the limits, so that they hold for it

    paper = pypdfium2.PdfDocument(sys.stdin.buffer.read())
    if sys.argv[1] == "count":
        sys.stdout.write(str(len(paper)))
        return 0
    page = paper[int(sys.argv[1]) - 1]
    width, height = page.get_size()
    picture = page.render(scale=min(4.0, SIDE / max(width, height, 1.0))).to_pil().convert("RGB")
    painted = io.BytesIO()
    picture.save(painted, "JPEG", quality=80)
    sys.stdout.buffer.write(painted.getvalue())
    return 0


if __name__ == "__main__":
    sys.exit(main())
