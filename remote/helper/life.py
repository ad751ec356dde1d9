"""How long a helper lives and what is allowed meanwhile: grants of the guide, pauses, and every way to its end. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

VIEW, CONTROL = "view", "control"
IDLE_S = 300.0
"""Without a touch of either side for so long, it ends."""
LINK_S = 10.0
"""Without a word from the centre for so long, it ends; keys are let go after SILENT_S."""
SILENT_S = 3.0
PAUSE_S = 3.0
"""So long after the guide's last own touch the agent's hands rest."""
REASONS = {
    "agent": "客服停止了。",
    "banner": "这台电脑上的人按了停止。",
    "ended": "通话结束了。",
    "hotkey": "这台电脑上的人按了停止键。",
    "idle": "五分钟没有人动，自动停止。",
    "link": "和中心的连接断了。",
    "moved": "通话转给了别人。",
    "signal": "助手程序被系统关闭。",
    "village": "村里在通话页面按了停止。",
    "window": "助手窗口被关闭。",
}
"""Why a helper ended."""


@dataclass
class Life:
    """One pairing, seen from the village's computer. Times are seconds of one clock that never runs back."""

    now: float
    until: dict[str, float] = field(default_factory=dict)
    over: str | None = None
    """Why it ended; nothing follows."""

    def __post_init__(self) -> None:
        self.heard_at = self.touched_at = self.now
        self.local_at = self.now - PAUSE_S

    def granted(self, kind: str, for_s: float, now: float) -> None:
        """The centre confirmed what the guide allowed."""
        self.until[kind] = now + for_s

    def taken_back(self, kind: str) -> None:
        """No longer allowed; who may not see may not act."""
        self.until.pop(kind, None)
        if kind == VIEW:
            self.until.pop(CONTROL, None)

    def may(self, kind: str, now: float) -> bool:
        """Whether it is allowed now."""
        shown = now < self.until.get(VIEW, now)
        return self.over is None and shown and now < self.until.get(kind, now)

    def left_s(self, kind: str, now: float) -> int:
        """Whole seconds that are left of a grant."""
        return max(0, int(self.until.get(kind, now) - now))

    def heard(self, now: float) -> None:
        """The centre said something."""
        self.heard_at = now

    def touched(self, now: float, local: bool) -> None:
        """Somebody did something: the guide himself (`local`) or the agent."""
        self.touched_at = now
        if local:
            self.local_at = now

    def paused(self, now: float) -> bool:
        """Whether the guide is at it himself."""
        return now < self.local_at + PAUSE_S

    def silent(self, now: float) -> bool:
        """Whether the link is so quiet that nothing may stay pressed."""
        return now >= self.heard_at + SILENT_S

    def ended(self, reason: str) -> bool:
        """End it; False when it was over before."""
        if self.over is not None:
            return False
        self.over = reason
        self.until.clear()
        return True

    def tick(self, now: float) -> tuple[list[str], str | None]:
        """(kinds whose time is over, the reason to end now)."""
        lapsed = [kind for kind, until in list(self.until.items()) if until <= now]
        for kind in lapsed:
            self.taken_back(kind)
        if now >= self.heard_at + LINK_S:
            return lapsed, "link"
        return lapsed, "idle" if now >= self.touched_at + IDLE_S else None
