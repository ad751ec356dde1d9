"""The catalogue of everything that can go wrong: code, HTTP status, the sentence people read, what to do next.

One code serves the wire, the log and the screen. `raise Problem("enrol.code_used")`; the web answers it as JSON or as a
page, a socket as a frame, the command line as two lines. A `{name}` in a sentence is filled from the details.
Rows are sorted by code, one to a line; `tests/contracts` holds that every code raised is here and documented.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Kind(NamedTuple):
    """One row of the catalogue."""

    status: int
    """HTTP status."""
    sentence: str
    """What happened, in plain Chinese."""
    next: str
    """What the person should do now."""


# fmt: off
PROBLEMS: dict[str, Kind] = {
    "access.denied": Kind(403, "您的岗位不能做这件事。", "需要时请找管理员调整岗位。"),
    "access.login": Kind(401, "请先登录。", "登录后会回到这一页。"),
    "access.region": Kind(403, "这里不在您管理的范围内。", "请回到自己的辖区,或找上级处理。"),
    "event.field": Kind(422, "记录内容不合要求:{field}。", "请改正后再交;原记录仍保存在本机“需处理”里。"),
    "event.unknown": Kind(422, "中心不认识这种记录:{name}。", "请更新本机程序后再同步;记录仍保存在本机。"),
    "request.csrf": Kind(400, "页面开得太久,这次提交没有生效。", "请刷新页面,再交一次。"),
    "request.format": Kind(400, "收到的内容不合规定的格式:{field}。", "请刷新页面再试;仍不行请联系管理员。"),
    "request.missing": Kind(404, "没有找到这个页面或记录。", "请检查地址,或回到首页。"),
    "request.rate": Kind(429, "操作太频繁了。", "请等一分钟再试。"),
    "request.size": Kind(413, "内容太大,超过 {limit} 字节。", "请分开提交。"),
    "server.down": Kind(500, "中心出了点问题,这次没有办成。", "已填的内容还在,请稍后再试;仍不行请联系管理员。"),
    "setting.value": Kind(500, "设置 {name} 的值“{value}”不能用。", "请按 deploy/README.md 的说明改正后重新启动。"),
}
# fmt: on


class Problem(Exception):
    """Something from the catalogue happened; `details` fill the sentence and travel with the code."""

    def __init__(self, code: str, **details: Any) -> None:
        self.kind = PROBLEMS[code]
        self.code = code
        self.details = details
        super().__init__(f"{code} {details}" if details else code)

    @property
    def sentence(self) -> str:
        """The Chinese sentence, details filled in."""
        return self.kind.sentence.format_map(self.details)

    def to_wire(self) -> dict[str, Any]:
        """The one JSON shape of an error: {"ok": false, "error": {code, message, next, status, details}}."""
        return {
            "ok": False,
            "error": {
                "code": self.code,
                "message": self.sentence,
                "next": self.kind.next,
                "status": self.kind.status,
                "details": self.details,
            },
        }
