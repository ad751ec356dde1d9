"""智能代办, pure: states of a case, checks and masks of personal numbers."""

from __future__ import annotations

import re
from datetime import date

STATES = {
    "submitted": "已提交",
    "accepted": "已受理",
    "returned": "退回补正",
    "refused": "不予受理",
    "processing": "办理中",
    "done": "已办结",
    "withdrawn": "已撤回",
}

NEXT = {
    "submitted": ("accepted", "returned", "refused", "withdrawn"),
    "returned": ("submitted", "withdrawn"),
    "accepted": ("processing", "returned", "done", "withdrawn"),
    "processing": ("done", "returned", "withdrawn"),
    "refused": (),
    "done": (),
    "withdrawn": (),
}
"""Where a case may go from each state."""

NEEDS_NOTE = ("returned", "refused", "withdrawn")
"""States whose reason must be told to the person: all missing things at once (一次性告知)."""

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def id_number_fault(number: str) -> str:
    """Why a citizen number is not valid (GB 11643: shape, birth date, check digit), "" when it is."""
    if not re.fullmatch(r"\d{17}[\dX]", number):
        return "应是 18 位，最后一位可以是 X"
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return "里面的出生日期不存在"
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], _WEIGHTS, strict=True))
    return "" if _CHECKS[total % 11] == number[17] else "最后一位校验不对，请再核对一遍"


def review_reason(id_number: str, case_no: str, region: str, letters: str) -> str:
    """Why somebody must look at a filed case again, "" when nobody must. It is taken in either way: nothing is lost.

    `region` (12 digits) and `letters` are those of the device that filed it; the case number carries both.
    """
    fault = id_number_fault(id_number) if id_number else "没有填"
    if fault:
        return f"需复核：身份证号{fault}"
    if case_no[2:11] != region[:9] or case_no[19:21] != letters:
        return "需复核：办件编号不是这台设备的"
    return ""


def uscc_fault(code: str) -> str:
    """Why a unified social credit code is not valid (GB 32100), "" when it is."""
    if len(code) != 18 or any(char not in _USCC for char in code):
        return "应是 18 位数字和大写字母，没有 I、O、S、V、Z"
    total = sum(_USCC.index(char) * pow(3, index, 31) for index, char in enumerate(code[:17]))
    return "" if _USCC[(31 - total % 31) % 31] == code[17] else "最后一位校验不对，请再核对一遍"


def mask(text: str) -> str:
    """An ID number, phone number or name as lists show it."""
    if re.fullmatch(r"\d{17}[\dXx]", text):
        return text[:6] + "*" * 8 + text[14:]
    if re.fullmatch(r"\d{11}", text):
        return text[:3] + "****" + text[7:]
    if len(text) <= 2:
        return text[:1] + "*" * (len(text) - 1)
    return text[0] + "*" * (len(text) - 2) + text[-1]


def move_fault(state: str, target: str, note: str) -> str:
    """Why a case cannot go from one state to another, "" when it can."""
    if target not in NEXT.get(state, ()):
        return f"“{STATES.get(state, state)}”的办件不能转为“{STATES.get(target, target)}”"
    if target in NEEDS_NOTE and not note.strip():
        return f"转为“{STATES[target]}”要写明原因，缺什么一次写全"
    return ""
