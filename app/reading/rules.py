"""证件读取, pure: from lines of print to the fields of a card, each with how sure it is and what speaks against it.

Nothing here decides: every field is a proposal for a person who holds the card. A number is believed when its check digit
is right (GB 11643, GB 32100) and is compared with what else the card says of birth and sex. Twin: pwa/src/reading/rules.ts,
for devices that read by themselves; both are held to tests/vectors/reading.json.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from app.handling.rules import id_number_fault, uscc_fault

Box = tuple[float, float, float, float]
"""Left, top, right, bottom, in parts of the picture's width and height."""


class Line(NamedTuple):
    """One line of print as the engine saw it."""

    text: str
    sure: float
    """0 to 1."""
    box: Box


class Field(NamedTuple):
    """One proposal."""

    name: str
    value: str
    sure: float
    """0 to 1; what contradicts the rest of the card is never above DOUBTED."""
    note: str
    """What the guide should look at, "" when nothing speaks against it."""
    box: Box


class Reading(NamedTuple):
    """What a picture is and what it says; no fields when it is no card we know."""

    kind: str
    fields: tuple[Field, ...]


KINDS = {
    "id-card": "居民身份证",
    "id-card-back": "居民身份证（国徽面）",
    "household": "户口簿",
    "social-security": "社会保障卡",
    "business": "营业执照",
    "": "",
}

LABELS = {
    "name": "姓名",
    "sex": "性别",
    "nation": "民族",
    "birth": "出生日期",
    "address": "住址",
    "id_number": "身份证号码",
    "office": "签发机关",
    "valid": "有效期限",
    "uscc": "统一社会信用代码",
    "company": "单位名称",
}
"""Fields in the order in which a page shows them."""

DOUBTED = 0.5

NATIONS = (
    "汉", "蒙古", "回", "藏", "维吾尔", "苗", "彝", "壮", "布依", "朝鲜", "满", "侗", "瑶", "白", "土家", "哈尼", "哈萨克", "傣", "黎",
    "傈僳", "佤", "畲", "高山", "拉祜", "水", "东乡", "纳西", "景颇", "柯尔克孜", "土", "达斡尔", "仫佬", "羌", "布朗", "撒拉", "毛南",
    "仡佬", "锡伯", "阿昌", "普米", "塔吉克", "怒", "乌孜别克", "俄罗斯", "鄂温克", "德昂", "保安", "裕固", "京", "塔塔尔", "独龙", "鄂伦春",
    "赫哲", "门巴", "珞巴", "基诺",
)  # fmt: skip
"""The 56 of GB/T 3304, in its order."""

PROVINCES = (
    {11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52, 53, 54}
    | {61, 62, 63, 64, 65, 71, 81, 82, 83}
)  # fmt: skip
"""GB/T 2260, first two digits. A county's code may be an old one (泸水 was 533321 until 2016), so no more is asked."""

_WORDS = {
    "name": ("姓名",),
    "sex": ("性别",),
    "nation": ("民族",),
    "birth": ("出生日期", "出生"),
    "address": ("住址", "本市(县)其他住址", "其他住址"),
    "id_number": ("公民身份号码", "公民身份证号码", "公民身份证件编号", "社会保障号码", "身份证号码", "身份证号"),
    "office": ("签发机关",),
    "valid": ("有效期限", "有效期"),
    "uscc": ("统一社会信用代码",),
    "company": ("名称",),
    "": (
        "户主或与户主关系", "曾用名", "出生地", "籍贯", "宗教信仰", "身高", "血型", "文化程度", "婚姻状况", "兵役状况", "服务处所", "职业",
        "何时由何地迁来", "登记日期", "承办人签章", "卡号", "发卡日期", "银行卡号", "类型", "法定代表人", "经营范围", "注册资本", "成立日期",
        "营业期限", "经营者", "组成形式", "登记机关", "户别", "户主姓名", "户号",
    ),
}  # fmt: skip
"""What stands before a value; those of "" only end the one before."""

_WORD = {word: name for name, words in _WORDS.items() for word in words}
_ANY = re.compile("|".join(map(re.escape, sorted(_WORD, key=len, reverse=True))))
_SPACED = {
    "姓 名": "姓名", "性 别": "性别", "民 族": "民族", "住 址": "住址", "出 生": "出生", "名 称": "名称",
    "籍 贯": "籍贯", "类 型": "类型", "职 业": "职业", "血 型": "血型", "身 高": "身高",
}  # fmt: skip

_FOR_DIGITS = str.maketrans("OoDQUIl|i!LZzSsBbGg〇", "00000111111225588690")
"""What print takes for digits, and which they are."""
_DIGIT = "0-9OoDQUIl|i!LZzSsBbGg〇"
_NUMBER = re.compile(rf"(?<![0-9A-Za-z])[{_DIGIT}]{{17}}[{_DIGIT}Xx×✕](?![0-9A-Za-z])")
_USCC = re.compile(r"(?<![0-9A-Za-z])[0-9A-Za-z]{18}(?![0-9A-Za-z])")
_DATE = re.compile(rf"([{_DIGIT}]{{4}})[年.\-/]([{_DIGIT}]{{1,2}})[月.\-/]([{_DIGIT}]{{1,2}})日?")
_VALID = re.compile(rf"{_DATE.pattern}[-—–~至一]+(?:{_DATE.pattern}|长期)")
_HAN = re.compile(r"[^\u3400-\u9fff\U00020000-\U000323af·]")
_LOOKALIKE = str.maketrans("漢獨龍納傣儸僳", "汉独龙纳傣傈僳")


def tidy(text: str) -> str:
    """Half-width, without spaces; the dot of a name as one sign."""
    text = unicodedata.normalize("NFKC", text)
    for spaced, word in _SPACED.items():
        text = text.replace(spaced, word)
    return re.sub(r"[•・‧∙]", "·", re.sub(r"\s", "", text))


def read(lines: Iterable[Line], today: date) -> Reading:
    """Proposals from the lines of one picture."""
    rows = [Line(tidy(one.text), one.sure, one.box) for one in lines]
    rows = sorted((one for one in rows if one.text), key=lambda one: (one.box[1], one.box[0]))
    kind = _kind(rows)
    parts = _parts(rows)
    if kind == "business":
        found = [_uscc(rows), _company(parts)]
    elif kind == "id-card-back":
        found = [_office(parts), _valid(rows, today)]
    elif kind:
        number = _number(rows, _printed_birth(parts))
        found = [
            _name(parts),
            _sex(parts, number),
            _nation(parts),
            _birth(parts, number, today),
            _address(parts, rows) if kind != "social-security" else None,
            number,
        ]
    else:
        found = []
    order = list(LABELS)
    return Reading(kind, tuple(sorted(filter(None, found), key=lambda one: order.index(one.name))))


def _kind(rows: Sequence[Line]) -> str:
    text = " ".join(one.text for one in rows)

    def says(*words: str) -> int:
        return sum(word in text for word in words)

    if says("统一社会信用代码") and says("营业执照", "经营范围", "法定代表人", "经营者", "登记机关"):
        return "business"
    if says("社会保障"):
        return "social-security"
    if says("常住人口登记", "户主或与户主关系", "宗教信仰", "户别"):
        return "household"
    if says("签发机关", "有效期限") or (says("居民身份证") and not says("公民身份号码")):
        return "id-card-back"
    if says("公民身份号码", "住址") or says("姓名", "性别", "民族", "出生") > 1 or _numbers(rows):
        return "id-card"
    return ""


# ---- words and what stands after them ----


class _Part(NamedTuple):
    """A word of the form and the value that belongs to it."""

    name: str
    value: str
    sure: float
    box: Box


def _parts(rows: Sequence[Line]) -> list[_Part]:
    """Every word of the form with its value: in the same line, else the next line to the right, else right below."""
    found: list[_Part] = []
    for row in rows:
        marks = list(_ANY.finditer(row.text))
        if not marks or marks[0].start() > 2:  # a word in the middle of running text is none
            continue
        if _WORD[marks[0][0]] == "address":  # a village may be called so: 民族村
            del marks[1:]
        ends = [*(mark.start() for mark in marks[1:]), len(row.text)]
        for mark, end in zip(marks, ends, strict=True):
            value = row.text[mark.end() : end].lstrip(":：")
            box = _cut(row, mark.end(), end)
            if value or end != len(row.text):
                found.append(_Part(_WORD[mark[0]], value, row.sure, box))
                continue
            beside = _beside(row, rows)
            if beside:
                found.append(_Part(_WORD[mark[0]], beside.text, beside.sure, beside.box))
    return found


def _cut(row: Line, start: int, end: int) -> Box:
    """The part of a line's box that some of its signs take; Chinese signs are twice as wide as digits."""
    widths = [1 if char.isascii() else 2 for char in row.text]
    left, top, right, bottom = row.box
    unit = (right - left) / max(sum(widths), 1)
    return (left + unit * sum(widths[:start]), top, left + unit * sum(widths[:end]), bottom)


def _middle(box: Box) -> float:
    return (box[1] + box[3]) / 2


def _beside(row: Line, rows: Sequence[Line]) -> Line | None:
    """The value that stands alone: to the right in the same row, else right below; never another word of the form."""
    height = row.box[3] - row.box[1]
    others = [one for one in rows if one is not row and not _ANY.match(one.text)]
    right = _right_of(row, others)
    if right:
        return right
    below = [
        one
        for one in others
        if 0 < _middle(one.box) - _middle(row.box) < 2.2 * height
        and one.box[0] < row.box[2]
        and one.box[2] > row.box[0]
    ]
    return min(below, key=lambda one: one.box[1], default=None)


def _right_of(row: Line, rows: Sequence[Line]) -> Line | None:
    """The next line in the same row."""
    height = row.box[3] - row.box[1]
    right = [
        one
        for one in rows
        if one is not row and abs(_middle(one.box) - _middle(row.box)) < height and one.box[0] > row.box[2] - height
    ]
    return min(right, key=lambda one: one.box[0], default=None)


def _first(parts: Sequence[_Part], name: str) -> _Part | None:
    return next((one for one in parts if one.name == name and one.value), None)


# ---- fields ----


def _name(parts: Sequence[_Part]) -> Field | None:
    part = _first(parts, "name")
    value = _HAN.sub("", part.value.replace(".", "·")).strip("·") if part else ""
    if not part or not value:
        return None
    odd = not 2 <= len(value) <= 20
    return _field("name", value, part, "姓名的字数少见，请细看" if odd else "")


def _sex(parts: Sequence[_Part], number: Field | None) -> Field | None:
    part = _first(parts, "sex")
    value = next((char for char in part.value if char in "男女"), "") if part else ""
    by_number = _sex_of(number)
    if part and value:
        return _field(
            "sex", value, part, f"和身份证号第 17 位（{by_number}）对不上" if by_number not in ("", value) else ""
        )
    return (
        Field("sex", by_number, DOUBTED, "卡面上没读到，是按身份证号推出的", number.box)
        if number and by_number
        else None
    )


def _sex_of(number: Field | None) -> str:
    if not number or id_number_fault(number.value):
        return ""
    return "男" if int(number.value[16]) % 2 else "女"


def _nation(parts: Sequence[_Part]) -> Field | None:
    part = _first(parts, "nation")
    if not part:
        return None
    text = _HAN.sub("", part.value).translate(_LOOKALIKE).removesuffix("族")
    if text in NATIONS:
        return _field("nation", text, part, "")
    near = [one for one in NATIONS if len(one) == len(text) > 1 and sum(map(str.__ne__, one, text)) == 1]
    if len(near) == 1:
        return Field("nation", near[0], min(part.sure, DOUBTED), f"看到的是“{text}”，最像“{near[0]}”", part.box)
    return Field("nation", text, min(part.sure, DOUBTED), "不在 56 个民族里，请对照填写", part.box) if text else None


def _printed_birth(parts: Sequence[_Part]) -> tuple[str, _Part] | None:
    for part in parts:
        if part.name == "birth" and (found := _DATE.search(part.value)):
            return _day(found), part
    return None


def _day(found: re.Match[str]) -> str:
    year, month, day = (one.translate(_FOR_DIGITS) for one in found.groups())
    return f"{year}-{int(month):02}-{int(day):02}"


def _birth(parts: Sequence[_Part], number: Field | None, today: date) -> Field | None:
    printed = _printed_birth(parts)
    by_number = _birth_of(number)
    if not printed:
        note = "卡面上没读到，是按身份证号推出的"
        return Field("birth", by_number, DOUBTED, note, number.box) if number and by_number else None
    value, part = printed
    note = ""
    if not _is_day(value):
        note = "没有这一天，请对照填写"
    elif value > today.isoformat():
        note = "晚于今天，请对照填写"
    elif by_number not in ("", value):
        note = f"和身份证号里的（{by_number}）对不上"
    return _field("birth", value, part, note)


def _birth_of(number: Field | None) -> str:
    if not number or id_number_fault(number.value):
        return ""
    return f"{number.value[6:10]}-{number.value[10:12]}-{number.value[12:14]}"


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _address(parts: Sequence[_Part], rows: Sequence[Line]) -> Field | None:
    part = _first(parts, "address")
    if not part:
        return None
    value, sure, box = part.value, part.sure, part.box
    height = box[3] - box[1]
    for row in rows:  # from top to bottom: the lines that go on below the first
        below = 0.4 * height < _middle(row.box) - (box[3] - height / 2) < 1.9 * height
        if below and abs(row.box[0] - part.box[0]) < 3 * height and not _ANY.match(row.text) and not _numbers([row]):
            value += row.text
            sure = min(sure, row.sure)
            box = (min(box[0], row.box[0]), box[1], max(box[2], row.box[2]), row.box[3])
    value = re.sub(r"[^\w\u3400-\u9fff()#\-—·、号]", "", value)
    return _field(
        "address", value, _Part("address", value, sure, box), "" if len(value) >= 6 else "住址不全，请对照填写"
    )


def _numbers(rows: Sequence[Line]) -> list[tuple[str, Line]]:
    """Whatever looks like a citizen number, also one that the engine saw in two pieces; the label before it is taken off."""
    found: list[tuple[str, Line]] = []
    for row in rows:
        for mark in _NUMBER.finditer(_ANY.sub(" ", row.text)):
            start = row.text.find(mark[0])
            found.append((_as_number(mark[0]), Line(mark[0], row.sure, _cut(row, start, start + 18))))
    for one in rows:
        other = _right_of(one, rows)
        joined = _NUMBER.search(_ANY.sub(" ", one.text) + other.text) if other else None
        if other and joined:
            box = (one.box[0], one.box[1], other.box[2], other.box[3])
            found.append((_as_number(joined[0]), Line(joined[0], min(one.sure, other.sure), box)))
    return found


def _as_number(text: str) -> str:
    last = "X" if text[17] in "Xx×✕" else text[17].translate(_FOR_DIGITS)
    return text[:17].translate(_FOR_DIGITS) + last


def _number(rows: Sequence[Line], birth: tuple[str, _Part] | None) -> Field | None:
    found = _numbers(rows)
    if not found:
        return None
    number, line = next(((one, row) for one, row in found if not id_number_fault(one)), found[0])
    part = _Part("id_number", number, line.sure, line.box)
    fault = id_number_fault(number)
    if fault and birth:  # one digit of the date misread: the date printed above says which
        mended = number[:6] + birth[0].replace("-", "") + number[14:]
        if not id_number_fault(mended):
            return _field("id_number", mended, part, f"号码里的生日没看清，按印着的出生日期（{birth[0]}）补的")
    if not fault and int(number[:2]) not in PROVINCES:
        fault = "前两位不是任何省份"
    return _field("id_number", number, part, fault)


def _office(parts: Sequence[_Part]) -> Field | None:
    part = _first(parts, "office")
    value = _HAN.sub("", part.value) if part else ""
    note = "" if value.endswith(("局", "分局", "厅")) else "签发机关一般是公安局，请细看"
    return _field("office", value, part, note) if part and value else None


def _valid(rows: Sequence[Line], today: date) -> Field | None:
    for row in rows:
        found = _VALID.search(row.text)
        if not found:
            continue
        start, *end_day = (_day(one) for one in _DATE.finditer(found[0]))
        end = end_day[0] if end_day else "长期"
        note = ""
        if not _is_day(start) or (end != "长期" and not (_is_day(end) and end > start)):
            note = "起止日期不对，请对照填写"
        elif end != "长期" and end < today.isoformat():
            note = "证件已过有效期"
        line = _Part("valid", "", row.sure, _cut(row, found.start(), found.end()))
        return _field("valid", f"{start} 至 {end}", line, note)
    return None


def _uscc(rows: Sequence[Line]) -> Field | None:
    found: list[tuple[str, Line]] = []
    for row in rows:
        for mark in _USCC.finditer(_ANY.sub(" ", row.text)):
            # I, O, S, V, Z do not occur in it: read as the digits they look like
            code = mark[0].upper().translate(str.maketrans("IOSZ", "1052"))
            found.append((code, Line(mark[0], row.sure, row.box)))
    if not found:
        return None
    code, line = next(((one, row) for one, row in found if not uscc_fault(one)), found[0])
    return _field("uscc", code, _Part("uscc", code, line.sure, line.box), uscc_fault(code))


def _company(parts: Sequence[_Part]) -> Field | None:
    part = _first(parts, "company")
    return _field("company", part.value, part, "" if len(part.value) >= 4 else "名称不全，请细看") if part else None


def _field(name: str, value: str, part: _Part, note: str) -> Field:
    return Field(name, value, round(min(part.sure, DOUBTED) if note else part.sure, 2), note, part.box)
