"""Listens to a recording: a program of its own with little memory and time, since recordings come from outside.

The file on standard input; on standard output JSON: `seconds`, `loud` (the loudest sample, 0 to 1) and `pictures`.
It imports nothing of ours, writes nothing, and is started by `voices.py`.
"""

from __future__ import annotations

import io
import json
import resource
import sys

MEMORY = 2_000_000_000
"""Bytes of address space; most of it is never used."""
SECONDS = 20
LONGEST = 600
"""Seconds of sound after which it is long enough to know."""


def main() -> int:
    """0 when it could be heard to its end."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    import av  # after the limits, so that they hold for it

    seconds, loud = 0.0, 0
    with av.open(io.BytesIO(sys.stdin.buffer.read()), "r") as paper:
        pictures = len(paper.streams.video)
        plain = av.AudioResampler(format="s16", layout="mono", rate=16000)
        for frame in paper.decode(audio=0):
            for piece in plain.resample(frame):
                sound = piece.to_ndarray()
                seconds += sound.shape[1] / 16000
                loud = max(loud, int(sound.max(initial=0)), -int(sound.min(initial=0)))
            if seconds > LONGEST:
                break
    json.dump({"seconds": round(seconds, 1), "loud": round(loud / 32768, 4), "pictures": pictures}, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
