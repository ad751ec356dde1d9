"""Answers that come squeezed: read whole, or not believed."""

from __future__ import annotations

import gzip

import pytest

from sync.wire import LONGEST_JSON, LinkError, _unzipped


def test_a_squeezed_answer_is_read_whole() -> None:
    assert _unzipped(gzip.compress(b'{"verdicts":[]}')) == b'{"verdicts":[]}'


@pytest.mark.parametrize(
    "bad", [b"{}", gzip.compress(b"{}", mtime=0)[:-4], b"\x1f\x8b", gzip.compress(b" " * (LONGEST_JSON + 1))]
)
def test_a_damaged_cut_or_giant_answer_is_not_believed(bad: bytes) -> None:
    with pytest.raises(LinkError, match="answer"):
        _unzipped(bad)
