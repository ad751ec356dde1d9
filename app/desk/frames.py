"""What every frame of the talk's sockets is made of."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

Id = Annotated[str, Meta(pattern=r"^[0-9a-f-]{36}$")]
Plain = r"^[^\x00]*$"
"""PostgreSQL keeps no NUL in a text."""


class Frame(msgspec.Struct, tag_field="type", forbid_unknown_fields=True):
    """Base of the frames that come in."""
