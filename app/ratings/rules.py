"""好差评, pure. Code 1 is the best level and 5 the worst (GB/T 39046-2020 A.8); 4 and 5 are 差评."""

from __future__ import annotations

LEVELS = {1: "非常满意", 2: "满意", 3: "基本满意", 4: "不满意", 5: "非常不满意"}

RECTIFICATION = {"open": "待联系", "contacted": "已联系", "closed": "已办结"}

NEXT = {"open": ("contacted",), "contacted": ("closed",), "closed": ()}


def is_low(level: int) -> bool:
    """Whether a level is a 差评 and opens a 整改单."""
    return level >= 4
