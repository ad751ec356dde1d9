"""The helper's window and the red banner (Tk): the only place where view and control are allowed.

While the agent may act, the window offers to stop and to take back, never to allow: he must not press for the guide.
"""

from __future__ import annotations

import threading
import tkinter as tk
from collections.abc import Callable
from tkinter import font, ttk

from remote.helper.life import CONTROL, REASONS, VIEW
from remote.helper.link import Refused
from remote.helper.program import Helper, Seen, pair

POLL_MS = 200
RED, WHITE = "#b3261e", "#ffffff"
TITLE = "远程协助 · 就近办"
KEYS = "按 Pause 键、连按两下 F12，或点“停止”，随时可以停。"
WHAT = {VIEW: "看这台电脑的屏幕", CONTROL: "操作这台电脑"}


class Window:
    """One window from the code to the end."""

    def __init__(self, address: str = "", code: str = "", ca: str | None = None) -> None:
        self.root = tk.Tk(className="Jjb-helper")
        self.root.title(TITLE)
        self.root.minsize(460, 300)
        self.root.protocol("WM_DELETE_WINDOW", self.close)
        font.nametofont("TkDefaultFont").configure(size=13)
        font.nametofont("TkTextFont").configure(size=13)
        self._ca = ca
        self.keep: object = None
        """What must live as long as the window."""
        self.helper: Helper | None = None
        self._found: Helper | Refused | None = None
        self._shown: Seen | None = None
        self.banner: Banner | None = None
        self.body = ttk.Frame(self.root, padding=20)
        self.body.pack(fill="both", expand=True)
        self.address, self.code = tk.StringVar(value=address), tk.StringVar(value=code)
        self.buttons: dict[str, ttk.Button] = {}
        self._form()
        if address and code:
            self._connect()
        self.root.after(POLL_MS, self._poll)

    # ---- pairing ----

    def _form(self, trouble: str = "") -> None:
        self._clear()
        ttk.Label(self.body, text="请客服看看这台电脑", font=("", 17, "bold")).pack(anchor="w")
        self._words("先在村级页面的通话里按“请客服看电脑”，把那里显示的八位数填在下面。", quiet=True)
        self._field("中心的地址", self.address)
        first = self._field("配对码", self.code)
        if trouble:
            tk.Label(self.body, text=trouble, fg=RED, wraplength=420, justify="left").pack(anchor="w", pady=(8, 0))
        self._button("connect", "连接", self._connect).pack(anchor="w", pady=(14, 0))
        self.root.bind("<Return>", lambda _event: self._connect())
        first.focus_set()

    def _field(self, name: str, value: tk.StringVar) -> ttk.Entry:
        ttk.Label(self.body, text=name).pack(anchor="w", pady=(10, 2))
        entry = ttk.Entry(self.body, textvariable=value, width=38)
        entry.pack(anchor="w", fill="x")
        return entry

    def _connect(self) -> None:
        if str(self.buttons["connect"]["state"]) == "disabled":
            return
        code = "".join(one for one in self.code.get() if one.isdigit())
        address = self.address.get().strip()
        if not address or len(code) != 8:
            self._form("请填写地址和八位数的配对码。")
            return
        self.buttons["connect"].configure(text="正在连接……", state="disabled")
        threading.Thread(target=self._find, args=(address, code), daemon=True).start()

    def _find(self, address: str, code: str) -> None:
        try:
            found = pair(address, code, self._ca)
            found.start()
            self._found = found
        except Refused as refused:
            self._found = refused
        except Exception as error:  # no screen, no listener: said in the window, never silently
            self._found = Refused(f"这台电脑上不能远程协助（{type(error).__name__}）。请告诉管理员。")

    # ---- paired ----

    def _poll(self) -> None:
        self.root.after(POLL_MS, self._poll)
        found, self._found = self._found, None
        if isinstance(found, Refused):
            self.code.set("")
            self._form(found.words)
        elif found:
            self.helper = found
            self.root.unbind("<Return>")
        if self.helper and (seen := self.helper.seen()) != self._shown:
            before, self._shown = self._shown, seen
            self._show(seen, before)

    def _show(self, seen: Seen, before: Seen | None) -> None:
        if seen.over:
            self._hide_banner()
            self._over(seen.over)
            return
        if before is None or _kind(seen) != _kind(before):
            self._choices(seen)
        if seen.view_s:
            self.banner = self.banner or Banner(self.root, lambda: self.stop("banner"))
            self.banner.show(seen)
        else:
            self._hide_banner()

    def _choices(self, seen: Seen) -> None:
        assert self.helper
        helper = self.helper
        self._clear()
        agent = seen.agent or "客服"
        ttk.Label(self.body, text=f"已和{agent}连上", font=("", 17, "bold")).pack(anchor="w")
        if seen.asked and not seen.control_s:
            self._words(f"{agent}请求{WHAT.get(seen.asked, '')}。")
        if seen.control_s:
            self._words(f"{agent}可以操作这台电脑。您自己动鼠标或键盘，对方就停下。")
            self._button("take_control", "不再让对方操作", lambda: helper.take_back(CONTROL)).pack(anchor="w", pady=4)
        elif seen.view_s:
            self._words(f"{agent}正在看这台电脑的屏幕。请收起不要给人看的东西。")
            self._button("allow_control", f"允许{agent}操作（十分钟）", lambda: helper.allow(CONTROL), "C").pack(
                anchor="w", pady=4
            )
            self._button("take_view", "不再让对方看", lambda: helper.take_back(VIEW)).pack(anchor="w", pady=4)
        else:
            self._words("现在对方什么也看不到。")
            self._button("allow_view", f"允许{agent}看屏幕（一小时）", lambda: helper.allow(VIEW), "L").pack(
                anchor="w", pady=4
            )
        self._button("stop", "停止远程协助", lambda: self.stop("window")).pack(anchor="w", pady=(16, 4))
        self._words(KEYS, quiet=True)

    def _over(self, reason: str) -> None:
        self._clear()
        ttk.Label(self.body, text="远程协助已经停止", font=("", 17, "bold")).pack(anchor="w")
        self._words(REASONS.get(reason, "已经停止。") + "对方看不到、也动不了这台电脑。")
        self._button("again", "重新配对", self._again).pack(anchor="w", pady=(14, 4))
        self._button("quit", "关闭", self.close).pack(anchor="w", pady=4)

    def _again(self) -> None:
        self.helper = self._shown = None
        self.code.set("")
        self._form()

    # ---- parts ----

    def stop(self, reason: str, wait_s: float = 0.0) -> None:
        """Stop what runs, also what was paired just now; perhaps wait until the centre knows."""
        for one in (self.helper, self._found):
            if isinstance(one, Helper):
                one.stop(reason)
                one.gone.wait(wait_s)

    def close(self) -> None:
        """Stop and close the window."""
        self.stop("window", wait_s=2)
        self._hide_banner()
        self.root.destroy()

    def _hide_banner(self) -> None:
        if self.banner:
            self.banner.top.destroy()
            self.banner = None

    def _words(self, text: str, quiet: bool = False) -> None:
        colour = "#5a5a5a" if quiet else "#1a1a1a"
        label = ttk.Label(self.body, text=text, wraplength=420, justify="left", foreground=colour)
        label.pack(anchor="w", pady=(6, 4))

    def _button(self, name: str, text: str, press: Callable[[], None], key: str = "") -> ttk.Button:
        button = ttk.Button(self.body, text=f"{text}（Alt+{key}）" if key else text, command=press)
        self.buttons[name] = button
        if key:
            self.root.bind(f"<Alt-{key.lower()}>", lambda _event: name in self.buttons and button.invoke())
        return button

    def _clear(self) -> None:
        self.buttons = {}
        for child in self.body.winfo_children():
            child.destroy()


def _kind(seen: Seen) -> tuple[bool, bool, str | None]:
    return bool(seen.view_s), bool(seen.control_s), seen.asked


class Banner:
    """A red bar above everything, for as long as somebody sees this screen. It cannot be closed without stopping."""

    def __init__(self, root: tk.Tk, stop: Callable[[], None]) -> None:
        self.top = tk.Toplevel(root, bg=RED)
        self.top.title("banner")
        self.top.overrideredirect(True)
        self.top.attributes("-topmost", True)
        self.top.protocol("WM_DELETE_WINDOW", stop)
        self.text = tk.Label(self.top, bg=RED, fg=WHITE, font=("", 13, "bold"), padx=16, pady=6)
        self.text.pack(side="left")
        self.button = tk.Button(
            self.top, text="停止", command=stop, bg=WHITE, fg=RED, font=("", 13, "bold"), relief="flat"
        )
        self.button.pack(side="left", padx=(0, 10), pady=5)

    def show(self, seen: Seen) -> None:
        """Say what is going on, at the top in the middle, above whatever came in front."""
        agent = seen.agent or "客服"
        left = seen.control_s or seen.view_s
        doing = f"{agent}正在{'操作' if seen.control_s else '查看'}这台电脑"
        if seen.paused:
            doing = f"您自己在动，{agent}先停下"
        self.text.configure(text=f"{doing} · 还有 {left // 60}:{left % 60:02}")
        self.top.update_idletasks()
        self.top.geometry(f"+{(self.top.winfo_screenwidth() - self.top.winfo_reqwidth()) // 2}+0")
        self.top.lift()
