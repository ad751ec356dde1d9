"""The line to the centre: a WebSocket whose certificate is checked; plain only to this very computer."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import websocket

HERE = ("127.0.0.1", "localhost", "::1")
CONNECT_S = 15
Message = dict[str, Any] | bytes


class Refused(Exception):
    """The centre or the address said no; `words` are for the guide."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


def door(address: str) -> str:
    """The socket's URL at a centre's address as people type it; Refused when it would not be safe."""
    address = address.strip().rstrip("/")
    parts = urlsplit(address if "://" in address else f"https://{address}")
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username:
        raise Refused("中心的地址不对。请照村级页面上的地址填写。")
    if parts.scheme == "http" and parts.hostname not in HERE:
        raise Refused("这个地址没有加密，不能用。请用 https:// 开头的地址。")
    return f"{'wss' if parts.scheme == 'https' else 'ws'}://{parts.netloc}/ws/helper"


class Link:
    """One connection. `receive` from one thread; `send` from any."""

    def __init__(self, address: str, ca: str | None = None) -> None:
        try:
            self._ws = websocket.create_connection(
                door(address), timeout=CONNECT_S, sslopt={"ca_certs": ca} if ca else None, suppress_origin=True
            )
        except websocket.WebSocketException as error:
            raise Refused("中心没有接受连接。请核对地址，稍后再试。") from error
        except OSError as error:
            if "certificate" in str(error).lower():
                raise Refused("中心的证书通不过检查，没有连接。请告诉管理员。") from error
            raise Refused("连不上中心。请检查网络和地址。") from error

    def pair(self, code: str, system: str) -> dict[str, Any]:
        """Show the code; what the centre says of the talk, or Refused."""
        try:
            self.send({"type": "pair", "code": code, "system": system})
            answer = self.receive()
        except (OSError, websocket.WebSocketException) as error:
            raise Refused("连接断了。请再试一次。") from error
        if not isinstance(answer, dict) or answer.get("type") != "paired":
            problem = answer.get("error", {}) if isinstance(answer, dict) else {}
            raise Refused(f"{problem.get('message', '中心没有接受。')}{problem.get('next', '')}")
        self._ws.settimeout(None)
        return answer

    def send(self, message: Message) -> None:
        """Send a frame, or a batch of tiles."""
        if isinstance(message, bytes):
            self._ws.send_binary(message)
        else:
            self._ws.send(json.dumps(message))

    def receive(self) -> Message | None:
        """The next message; None when the line is gone."""
        kind, data = self._ws.recv_data()
        if kind == websocket.ABNF.OPCODE_TEXT:
            found = json.loads(data)
            return found if isinstance(found, dict) else {}
        return bytes(data) if kind == websocket.ABNF.OPCODE_BINARY else None

    def close(self) -> None:
        """Close at once."""
        with suppress(OSError):
            if self._ws.sock:
                self._ws.sock.shutdown(socket.SHUT_RDWR)  # wakes who reads; a bare close would not
