"""What oversight shows and how it is counted; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil
from typing import Any, NamedTuple

PAGE_SIZE = 50
LONGEST_SPAN = 366
LOW_DISK = 200 * 1024 * 1024
SKEW_S = 300

DECISIONS = {
    "answer": "已回答",
    "clarify": "请对方选",
    "redirect": "指到别处",
    "refuse": "不能代查",
    "handoff": "没答上来",
}
BAD_LEVEL = 4
"""From this level on a rating is a 差评 (GB/T 39046 A.8, where 5 is the worst)."""


class Figure(NamedTuple):
    """One number of the overview: its key, label, what it counts, and the list (endpoint, filters) of the same rows."""

    key: str
    label: str
    meaning: str
    endpoint: str
    args: Mapping[str, str]


FIGURES = (
    Figure("questions", "提问", "当天传到中心的提问条数；断网时问的，联网那天才算。", "oversight.questions", {}),
    Figure("unanswered", "没答上来", "其中本机没有给出答案的条数。", "oversight.questions", {"decision": "handoff"}),
    Figure("cases", "代办件", "当天传到中心的代办件数。", "oversight.cases", {}),
    Figure("talks", "呼叫客服", "当天从服务点打给客服的次数，接没接通都算。", "oversight.talks", {}),
    Figure("ratings", "评价", "当天传到中心的评价条数，一件事只算一次。", "oversight.ratings", {}),
    Figure("bad", "差评", "其中“不满意”和“非常不满意”的条数。", "oversight.ratings", {"level": "bad"}),
)

WORDS = {
    "agent.state": "坐席改状态",
    "case.assigned": "办件转交",
    "case.file_stored": "办件附件传到",
    "case.linked": "记下省平台办件号",
    "case.cleared": "服务点清除办件副本",
    "case.noted": "办件内部备注",
    "case.progressed": "代办件有进展",
    "case.submitted": "提交代办件",
    "case.supplemented": "补交材料",
    "case.withdrawn": "申请人撤回办件",
    "device.code_issued": "生成登记码",
    "device.enrolled": "登记设备",
    "device.move_dropped": "撤回设备移交",
    "device.move_ordered": "安排设备移交",
    "device.moved": "设备已移到新服务点",
    "device.renamed": "设备改名",
    "device.resend_dropped": "撤回重发要求",
    "device.resend_ordered": "要求设备重发",
    "device.revoked": "停用设备",
    "guide.admitted": "导办员在服务点电脑登录",
    "keys.certified": "导入签名钥匙证书",
    "knowledge.approved": "审核通过知识",
    "knowledge.drafted": "起草知识",
    "knowledge.rejected": "退回知识草稿",
    "knowledge.released": "发布知识",
    "lingua.released": "发布问答词库",
    "knowledge.submitted": "提交知识审核",
    "knowledge.withdrawn": "撤回知识草稿",
    "library.added": "添加资料",
    "library.changed": "修改资料",
    "library.restored": "恢复资料",
    "library.withdrawn": "撤下资料",
    "media.released": "发布录音和样表",
    "message.left": "村里留言",
    "message.moved": "处理村里的留言",
    "notice.printed": "打印一次性告知单",
    "opendata.approved": "批准开放数据",
    "opendata.built": "生成开放数据",
    "person.added": "添加人员",
    "person.changed": "修改人员",
    "person.departments": "设定经办部门",
    "person.link": "发首次登录链接",
    "person.password": "设置密码",
    "personal.forgotten": "删除个人信息",
    "personal.requested": "本人申请查看或删除",
    "personal.unmasked": "查看个人信息",
    "point.added": "添加服务点",
    "point.changed": "修改服务点",
    "question.asked": "提问",
    "rating.given": "评价",
    "rectification.moved": "差评整改有进展",
    "reply.drafted": "替坐席拟回复",
    "courier.packed": "做知识包（U盘）",
    "courier.taken": "收 U 盘送来的记录",
    "result.issued": "发出结果文书",
    "result.withdrawn": "撤回结果文书",
    "retention.held": "设为保留",
    "retention.ran": "到期清理",
    "retention.released": "取消保留",
    "sync.settled": "处理退回的记录",
    "talk.act": "坐席代村里操作页面",
    "talk.claimed": "坐席接起呼叫",
    "talk.computer": "共享或操作村里的电脑",
    "talk.consent": "同意或停止语音",
    "talk.ended": "呼叫结束",
    "talk.entered": "进入别人的通话",
    "talk.held": "请村里稍等或恢复",
    "talk.invited": "邀请人进通话",
    "talk.left": "离开通话",
    "talk.moved": "呼叫转给别人",
    "talk.opened": "呼叫客服",
    "talk.passed": "响铃没有接",
    "talk.picked_up": "村里接听中心回电",
    "talk.refused": "没有得到同意，拒绝了坐席的请求",
    "talk.returned": "呼叫退回排队",
    "talk.rung": "中心给村里回电",
    "talk.wrapped": "写通话小结",
    "voice.approved": "审核通过录音",
    "voice.recorded": "录制答复录音",
    "voice.rejected": "退回录音",
    "voice.stopped": "停用录音",
    "voice.withdrawn": "撤回录音",
}
"""What each ledger event is called on screen."""


def word_of(name: str) -> str:
    """An event name in words; an unknown one keeps its name beside a plain word."""
    return WORDS.get(name, f"其他记录（{name}）")


FIELD_WORDS = {
    "guest": "请进来的人",
    "how": "怎么过去的",
    "mark": "哪一处",
    "mode": "怎么参与",
    "verb": "怎么操作",
    "on": "开始或结束",
    "person": "人员",
    "sent_away": "村里请其离开",
    "what": "做了什么",
    "act": "处理步骤",
    "active": "在用",
    "agent_name": "坐席",
    "part": "希望什么时段回电",
    "language": "语言",
    "tries": "打了几次",
    "again": "再评等级",
    "applicant": "申请人",
    "bytes": "字节数",
    "case_no": "办件编号",
    "channel": "渠道",
    "content_root": "内容校验值",
    "counts": "数量",
    "day": "希望哪天回电",
    "decision": "结果",
    "department": "部门",
    "departments": "部门",
    "document": "文书",
    "due": "期限",
    "due_from": "该回电的时段从",
    "due_until": "该回电的时段到",
    "accepted": "收下的记录",
    "after_seq": "移交前最后一条",
    "before": "原服务点",
    "duplicate": "已收过的记录",
    "files_refused": "退回的附件",
    "from_seq": "从第几条起",
    "keys": "签名钥匙",
    "knowledge": "知识版本",
    "mandate": "授权委托",
    "order": "要求编号",
    "point": "服务点",
    "refused": "退回的记录",
    "root": "根钥匙",
    "said": "名称和证号",
    "serial": "证书序号",
    "dropped": "去掉的句子",
    "edition": "草稿编号",
    "event": "记录",
    "expires_at": "有效期到",
    "external_case_no": "省平台办件号",
    "files": "附件",
    "follow": "查询码",
    "given": "是否同意",
    "held": "保留不删",
    "handler": "经办人",
    "item": "事项",
    "items": "事项",
    "kind": "种类",
    "kept": "留下的句子",
    "letters": "设备字母",
    "level": "等级",
    "lingua": "问答词库版本",
    "materials": "材料",
    "matter": "评价对象",
    "missing": "缺的材料",
    "milliseconds": "毫秒",
    "model": "模型",
    "name": "名称",
    "note": "说明",
    "number": "编号",
    "outcome": "结果",
    "owed": "后补的材料",
    "owed_due": "后补期限",
    "picked": "点开的事项",
    "declined": "说都不是",
    "proxy": "代办人",
    "rated_at": "评价时间",
    "reason": "原因",
    "reasons": "原因",
    "region": "辖区",
    "release": "知识版本",
    "result": "办理结果",
    "roles": "岗位",
    "settlement": "处理",
    "sha256": "文件校验值",
    "situations": "情形",
    "sources": "给模型的资料",
    "state": "状态代码",
    "state_name": "状态",
    "text": "文字",
    "subjects": "涉及的记录",
    "title": "标题",
    "username": "登录名",
    "version": "第几稿",
    "why": "为什么",
}
"""What each field of an event is called on screen."""


TALK_COURSE = ("talk.opened", "talk.claimed", "talk.returned", "talk.ended", "talk.wrapped")
"""The events of a call that say how it stands; the others tell what happened within."""
TALK_ENDS = {"solved": "已解决", "guided": "已告知怎么办", "later": "稍后回复", "dropped": "无人应答或误呼"}


def talk_state(last: str, outcome: str) -> str:
    """How a call stands, from the name of its last ledger event and the outcome that its end named."""
    if last in ("talk.ended", "talk.wrapped"):
        return TALK_ENDS.get(outcome, "已结束")
    return "通话中" if last == "talk.claimed" else "等待接听"


def lasted(opened: datetime, claimed: datetime | None) -> str:
    """How long a village waited for an agent, in words."""
    if claimed is None:
        return "没有接起"
    seconds = max(0, int((claimed - opened).total_seconds()))
    return f"{seconds} 秒" if seconds < 120 else f"{seconds // 60} 分钟"


RUNGS = ("大画面", "小画面", "慢速共享", "只有语音", "只有文字")
"""The rungs of remote/ladder.py, 0 to 4."""
REASONS = {
    "start": "开始",
    "slow": "反应太慢",
    "lossy": "丢得太多",
    "narrow": "线路变窄",
    "better": "线路好转",
    "pinned": "人为选择",
    "other": "对方线路或选择",
}
"""Why a call is at its rung (remote/health.REASONS)."""
CONNECTS = {"2": "2 秒以上", "5": "5 秒以上", "10": "10 秒以上", "30": "30 秒以上"}
DROPS = {"1": "断过", "2": "2 次以上", "5": "5 次以上"}


def seconds(milliseconds: int | None) -> str:
    """A duration in seconds, "" for none."""
    return "" if milliseconds is None else f"{milliseconds / 1000:.1f} 秒"


def minutes(whole: int) -> str:
    """So many seconds in words."""
    return f"{whole} 秒" if whole < 120 else f"{whole // 60} 分 {whole % 60} 秒"


def size(count: int) -> str:
    """Bytes as people read them."""
    return f"{round(count / 1024)} KB" if count < 1_048_576 else f"{count / 1_048_576:.1f} MB"


def link_state(state: str, outcome: str | None) -> str:
    """How a call stands, from its row."""
    return TALK_ENDS.get(outcome or "", "已结束") if state == "ended" else "通话中"


class Mark(NamedTuple):
    """A state in a word, with how grave it is: ok, warn or bad."""

    level: str
    word: str


@dataclass(frozen=True)
class State:
    """What a device, or all devices of a point together, last said. `last_contact` None: never."""

    devices: int
    last_contact: datetime | None
    release: int
    waiting: int
    refused: int
    disk_free: int | None = None
    clock_skew_s: int | None = None
    answers_agree: bool | None = None
    """Whether it answers as the centre does; None: not known."""


def together(states: Sequence[State]) -> State:
    """The state of a point from its devices: latest contact, oldest release in use, sums of what waits."""
    heard = [state for state in states if state.last_contact is not None]
    return State(
        devices=sum(state.devices for state in states),
        last_contact=max((state.last_contact for state in heard if state.last_contact), default=None),
        release=min((state.release for state in heard), default=0),
        waiting=sum(state.waiting for state in heard),
        refused=sum(state.refused for state in heard),
        disk_free=min((state.disk_free for state in heard if state.disk_free is not None), default=None),
        clock_skew_s=max(
            (state.clock_skew_s for state in heard if state.clock_skew_s is not None), key=abs, default=None
        ),
        answers_agree=min((state.answers_agree for state in heard if state.answers_agree is not None), default=None),
    )


def marks(state: State, newest: int, silent_hours: int, now: datetime) -> list[Mark]:
    """What needs attention, gravest first; one ok mark when nothing does."""
    if not state.devices:
        return [Mark("warn", "还没有设备")]
    if state.last_contact is None:
        return [Mark("warn", "登记后还没联系过")]
    found = []
    if now - state.last_contact > timedelta(hours=silent_hours):
        found.append(Mark("bad", f"超过 {silent_hours} 小时没联系"))
    if state.refused:
        found.append(Mark("bad", f"{state.refused} 条需处理"))
    if state.answers_agree is False:
        found.append(Mark("bad", "答案与中心不一致"))
    if not state.release:
        found.append(Mark("warn", "还没有知识"))
    elif state.release < newest:
        found.append(Mark("warn", f"知识落后 {newest - state.release} 版"))
    if state.waiting:
        found.append(Mark("warn", f"{state.waiting} 条待传"))
    if state.disk_free is not None and state.disk_free < LOW_DISK:
        found.append(Mark("warn", "磁盘快满了"))
    if abs(state.clock_skew_s or 0) > SKEW_S:
        found.append(Mark("warn", f"电脑时间差 {abs(state.clock_skew_s or 0) // 60} 分钟"))
    return found or [Mark("ok", "正常")]


@dataclass(frozen=True)
class Span:
    """Whole Beijing days, both ends included."""

    first: date
    last: date


def span(first: str | None, last: str | None, today: date, default_days: int = 7) -> Span:
    """The days of a filter; without any, the last `default_days`. ValueError with the words to show when unusable."""
    try:
        end = date.fromisoformat(last) if last else today
        start = date.fromisoformat(first) if first else min(end, today) - timedelta(days=default_days - 1)
    except ValueError as error:
        raise ValueError("日期要写成 2026-11-23 这样") from error
    if start > end:
        raise ValueError("开始日期不能晚于结束日期")
    if (end - start).days >= LONGEST_SPAN:
        raise ValueError(f"一次最多看 {LONGEST_SPAN} 天")
    return Span(start, end)


@dataclass(frozen=True)
class Pages:
    """Which page of a list is shown; `number` counts from 1 and stays inside the list."""

    number: int
    total: int
    size: int = PAGE_SIZE

    @property
    def count(self) -> int:
        return max(1, ceil(self.total / self.size))

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.size


def pages(asked: str | None, total: int) -> Pages:
    """The page that `asked` names; anything that is not a page of the list leads to the nearest one."""
    number = int(asked) if asked and asked.isascii() and asked.isdigit() and len(asked) < 9 else 1
    return Pages(min(max(number, 1), Pages(1, total).count), total)


def cell(value: Any) -> str:
    """A value for a CSV cell; a sign that would make a spreadsheet run it is disarmed (OWASP, CSV injection)."""
    text = "" if value is None else str(value)
    return "'" + text if text[:1] in "=+-@\t\r" and text else text


def shown_body(body: Mapping[str, Any], sealed: Sequence[str]) -> list[tuple[str, str]]:
    """The fields of an event body as the audit shows them; sealed ones say so instead of their text."""
    return [
        (FIELD_WORDS.get(key, key), "已加密" if key in sealed and value else _plain(value))
        for key, value in body.items()
    ]


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if value is None or value in ("", [], {}):
        return "无"
    if isinstance(value, list):
        return "、".join(_plain(one) for one in value)
    if isinstance(value, dict):
        return ",".join(f"{key} {_plain(one)}" for key, one in value.items())
    return str(value)
