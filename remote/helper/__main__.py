"""`python -m remote.helper [ADDRESS]`: the helper's window. Ends at once, keys let go, on SIGTERM, SIGINT and SIGHUP."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import socket
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from remote.helper.window import Window


def main() -> int:
    parser = argparse.ArgumentParser(prog="jjb-helper", description="让客服在您同意后看和操作这台电脑。")
    parser.add_argument("address", nargs="?", default="", help="中心的地址，例如 https://jjb.example.gov.cn")
    parser.add_argument("--code", default="", help="配对码；不写就在窗口里填")
    parser.add_argument("--ca", metavar="FILE", help="中心的根证书，给自己发证书的中心用")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        import tkinter as tk

        from remote.helper.window import Window
    except ImportError as error:
        print(f"缺少 {error.name}。请照 remote/helper/README.md 安装。", file=sys.stderr)
        return 2
    try:
        window = Window(options.address, options.code, options.ca)
    except tk.TclError:
        print("没有找到屏幕。请在登录后的桌面上启动。", file=sys.stderr)
        return 2
    _end_on_signals(window)
    window.root.mainloop()
    return 0


def _end_on_signals(window: Window) -> None:
    """The system writes the signal's number into a socket that a thread reads: no turn of Tk's loop is waited for."""
    here, there = socket.socketpair()
    there.setblocking(False)
    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        if number := getattr(signal, name, None):
            signal.signal(number, lambda *_: None)
    signal.set_wakeup_fd(there.fileno(), warn_on_full_buffer=False)

    def watch() -> None:
        here.recv(1)
        window.stop("signal", wait_s=2)
        os._exit(0)  # Tk may be in a call that does not come back

    threading.Thread(target=watch, daemon=True).start()
    window.keep = (here, there)


if __name__ == "__main__":
    sys.exit(main())
