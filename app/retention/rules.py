"""Periods and refusals, pure: what is kept how long and by which rule, and why something is not deleted on request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from app.handling.rules import id_number_fault, uscc_fault
from app.keeping import Holding


class Period(NamedTuple):
    """How long one kind of record keeps what says something of a person."""

    setting: str
    name: str
    since: str
    """From when the days count."""
    what: str
    """What goes."""
    source: str
    """By which rule."""


PERIODS: Mapping[str, Period] = {
    "device": Period(
        "keep_device_days", "服务点的办件副本", "办完、撤回或不予受理以后", "村里电脑上的办件、附件、进展",
        "个人信息保护法第十九条（必要的最短时间）",
    ),
    "follow": Period(
        "keep_follow_days", "办件查询", "办完、撤回或不予受理以后", "查询码；凭回执不能再查",
        "行政诉讼法第四十六条（起诉期限六个月）",
    ),
    "case": Period(
        "keep_case_days", "办件的个人信息和附件", "办完、撤回或不予受理以后",
        "申请人、代办人、委托书、备注、情形、材料、附件、结果文书、评价的文字，连同密钥",
        "个人信息保护法第十九条、第四十七条；行政复议法第二十条、行政诉讼法第四十六条。档案由主管部门的平台保存",
    ),
    "rating": Period(
        "keep_rating_days", "来访评价的文字", "评价以后", "想说的话；满意程度留作统计",
        "国办发〔2019〕51号（评价人信息受保护）；个人信息保护法第十九条",
    ),
    "talk": Period(
        "keep_talk_days", "通话和留言的文字", "通话结束、留言办结以后", "通话里的文字和呼叫原因、留言；时间和结果留作统计",
        "个人信息保护法第十九条、第四十七条",
    ),
    "link": Period(
        "keep_link_days", "通话的线路记录", "通话结束以后", "线路逐段的记录；每次通话留一行汇总作统计",
        "不含个人信息；留到不再用于查线路问题为止",
    ),
    "quarantine": Period(
        "keep_quarantine_days", "未进账记录的内容", "处理以后", "记录的内容；原因和处理结果留作审计",
        "网络安全法（日志不少于六个月）；个人信息保护法第十九条",
    ),
}  # fmt: skip
"""Keyed as `app.KEEPERS`."""

COUNTED = {
    "cases": "件办件",
    "files": "份附件",
    "follow": "个查询码",
    "left": "条留言",
    "links": "份线路记录",
    "messages": "条下行消息",
    "quarantine": "条未进账记录",
    "ratings": "条评价文字",
    "talks": "次通话",
    "village": "份服务点副本",
}
"""What a report counts, in words."""

FIELDS = {
    "address": "详细住址",
    "agent_id": "受托人证件号",
    "agent_name": "受托人姓名",
    "have": "已带",
    "id_number": "证件号码",
    "item": "事项",
    "name": "名称",
    "phone": "电话",
    "powers": "权限",
    "principal_id": "委托人证件号",
    "principal_name": "委托人姓名",
    "principal_relation": "委托人身份",
    "region": "地区代码",
    "relation": "关系",
    "signed_at": "签名时间",
    "since": "起",
    "strokes": "签名笔迹",
    "until": "止",
    "way": "委托方式",
}
"""What the fields of a case are called on the copy that a person gets."""

BY_HAND = "已设为保留"

REASONS = {
    "self": "本人到场，核对了证件",
    "guardian": "监护人到场，核对了双方证件和监护关系",
    "agent": "受托人到场，核对了双方证件和授权委托书",
    "heir": "近亲属为维护自身利益查阅（本人已去世）",
    "authority": "主管部门书面要求",
}
"""Why a clerk looks for a person (个人信息保护法 15, 31, 44 至 49); chosen, so that nothing personal is typed."""


def in_words(counts: Mapping[str, int]) -> str:
    """A report's figures in one line."""
    return "、".join(f"{counts[name]} {COUNTED[name]}" for name in COUNTED if counts.get(name)) or "没有到期的"


def number_fault(number: str) -> str:
    """Why a certificate number cannot be looked for, "" when it can: a citizen number, a credit code or another paper's."""
    if re.fullmatch(r"\d{17}[\dX]", number):
        fault = id_number_fault(number)
        return f"身份证号{fault}" if fault else ""
    if re.fullmatch(r"[0-9A-Z]{18}", number):
        fault = uscc_fault(number)
        return f"统一社会信用代码{fault}" if fault else ""
    return "" if re.fullmatch(r"[0-9A-Z]{7,20}", number) else "证件号码应是 7 到 20 位数字和字母"


class Verdict(NamedTuple):
    """What of the things kept of a person may go now, and why the others may not."""

    goes: tuple[Holding, ...]
    stays: tuple[tuple[Holding, str], ...]


def judge(found: Iterable[Holding], held: Mapping[str, str]) -> Verdict:
    """Each thing apart: a running matter or a hold keeps only itself back (个人信息保护法 47)."""
    goes, stays = [], []
    for one in found:
        reason = held.get(one.subject, "")
        if reason:
            stays.append((one, reason))
        elif not one.whole:
            stays.append((one, "这是别人的办件，随那件到期删除"))
        elif not one.ended:
            stays.append((one, "事情还没有办完"))
        else:
            goes.append(one)
    return Verdict(tuple(goes), tuple(stays))
