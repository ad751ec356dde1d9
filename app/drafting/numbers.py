"""Every figure that a text names, with what it counts: the part of a draft that must never be made up.

Arabic and Chinese numerals, full width, formal (壹贰叁), spoken (幺, 俩), telephone numbers, money, days. `5日` and `5元` are
different figures, and so are `5日` and `5个工作日`.
"""

from __future__ import annotations

import re
import unicodedata

DIGITS = dict(zip("零〇一二两三四五六七八九幺俩仨", (0, 0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3), strict=True))
TENS = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
FORMAL = str.maketrans("壹贰叁肆伍陆柒捌玖拾佰仟萬億貳兩廿", "一二三四五六七八九十百千万亿二两廿")
HAN_NUMERAL = "[" + "".join(DIGITS) + "".join(TENS) + "半廿]"
UNITS = (
    ("个工作日", "工作日"), ("工作日", "工作日"), ("个自然日", "日"), ("自然日", "日"), ("日", "日"), ("天", "日"),
    ("个月", "月"), ("月", "月"), ("年", "年"), ("周岁", "岁"), ("岁", "岁"), ("个小时", "时"), ("小时", "时"), ("分钟", "分"),
    ("元", "元"), ("块", "元"), ("角", "角"), ("%", "%"), ("份", "份"), ("张", "张"), ("次", "次"), ("趟", "次"),
    ("人", "人"), ("个人", "人"), ("名", "人"), ("户", "户"), ("亩", "亩"), ("级", "级"), ("种", "种"), ("公里", "公里"),
    ("倍", "倍"), ("寸", "寸"), ("周", "周"), ("个星期", "周"), ("星期", "周"), ("条", "条"), ("楼", "楼"), ("点", "点"),
    ("本", "本"), ("套", "套"), ("页", "页"), ("代", "代"), ("胎", "胎"), ("孩", "孩"), ("类", "类"), ("个", ""),
)  # fmt: skip
_UNITS = sorted(UNITS, key=lambda pair: -len(pair[0]))
MULTIPLIERS = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}

IDIOMS = re.compile(
    rf"(?<!{HAN_NUMERAL})(?<!\d)(?:"
    "一般|一定|一起|一样|一直|一些|一下|一旦|一并|一律|一切|一点|一边|一会儿?|一时|一共|一体|一窗|一网|一码|一证|一站式|一卡通|"
    "一次性|统一|唯一|万一|同一|任一|进一步|十分(?!钟)|千万|百姓|三农|三轮|四邻|三方|半路|双方|不三不四|第一时间|星期天|礼拜天|"
    "两头跑|一趟趟|一遍遍|万能|万般|千家万户|一家人|一张嘴)"
)
"""Words with a numeral in them that name no figure."""

_PHONE = re.compile(
    r"(?<!\d)(?:0\d{2,3}[ -]?\d{3,4}[ -]?\d{3,4}|1\d{2}[ -]?\d{4}[ -]?\d{4}|[48]00[ -]?\d{3,4}[ -]?\d{3,4})(?!\d)"
)
_FIGURE = re.compile(
    r"(?P<before>周|星期|礼拜|第|百分之|[¥$])?"
    rf"(?:(?P<digits>\d+(?:,\d{{3}})*(?:\.\d+)?)(?P<times>[十百千万亿]*)|(?P<han>{HAN_NUMERAL}+(?:点[{''.join(DIGITS)}]+)?))"
    r"(?P<more>多|来|几|余)?(?P<half>半)?"
)
_BEFORE = {"周": "周几", "星期": "周几", "礼拜": "周几", "第": "第", "百分之": "%", "¥": "元", "$": "美元"}

Figure = tuple[str, str]
"""(value, what it counts, "" when no word says so)."""


def figures(text: str) -> frozenset[Figure]:
    """Every figure in a text."""
    text = unicodedata.normalize("NFKC", text).translate(FORMAL)
    text = _PHONE.sub(lambda found: re.sub("[ -]", "", found.group()), text)
    text = IDIOMS.sub(lambda found: "、" * len(found.group()), text)
    return frozenset(_figure(found, text) for found in _FIGURE.finditer(text))


def unfounded(text: str, source: str) -> frozenset[Figure]:
    """The figures of `text` that `source` does not have.

    A figure that names no unit needs its value only; one that names a unit needs the same unit.
    """
    known = figures(source)
    values = {value for value, _ in known}
    return frozenset(
        (value, unit) for value, unit in figures(text) if (value, unit) not in known and (unit or value not in values)
    )


def _figure(found: re.Match[str], text: str) -> Figure:
    value = _arabic(found["digits"], found["times"]) if found["digits"] else _chinese(found["han"])
    rest = text[found.end() :].lstrip(" ")
    unit = next((unit for word, unit in _UNITS if rest.startswith(word)), "")
    if found["half"]:
        value += "半"
    if found["more"]:
        value += "余"
    return value, _BEFORE.get(found["before"] or "", unit)


def _arabic(digits: str, times: str) -> str:
    whole = "".join(str(int(c)) if c.isdigit() else c for c in digits.replace(",", ""))
    if not times:
        # A leading zero or many digits: a code, compared as it is written.
        return whole if whole.startswith("0") or len(whole) > 9 else _short(whole)
    factor = 1
    for char in times:
        factor *= MULTIPLIERS[char]
    head, _, tail = whole.partition(".")
    return _short(str(int(head + tail) * factor / 10 ** len(tail)))


def _short(number: str) -> str:
    return number.rstrip("0").rstrip(".") if "." in number else number


def _chinese(text: str) -> str:
    """三十 → 30, 一二〇 → 120, 一万五千 → 15000, 三点五 → 3.5, 半 → 半."""
    text = text.replace("廿", "二十")
    head, _, tail = text.partition("点")
    if tail:
        return _chinese(head) + "." + "".join(str(DIGITS[char]) for char in tail)
    core = text.strip("半")
    if not core:
        return "半"
    half = "半" if text.endswith("半") else ""
    if all(char in DIGITS for char in core):
        return "".join(str(DIGITS[char]) for char in core) + half
    total = section = digit = 0
    for char in core:
        if char in DIGITS:
            digit = DIGITS[char]
        elif char in ("万", "亿"):
            total = (total + section + digit or 1) * TENS[char]
            section = digit = 0
        elif char in TENS:
            section += (digit or 1) * TENS[char]
            digit = 0
    return str(total + section + digit) + half
