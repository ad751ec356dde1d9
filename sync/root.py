"""`python -m sync.root`: the offline root, on a computer without network. Makes the root key; signs key letters with it.

    python -m sync.root make root.pem
    python -m sync.root sign root.pem --request request.json [--after letter.json] [--revoke ID] [--new-root new.pem]

The letter printed is carried to the centre and imported there: `python -m app keys import letter.json`.
"""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from sync.client import stamp
from sync.keyring import Certificate, Letter, LetterError, SignedLetter, read, write
from sync.manifest import key_id, public_bytes

DAYS = 730


class Request(msgspec.Struct, frozen=True):
    """A release key that the centre asks to have certified."""

    key_id: str
    public_key: bytes


@dataclass(frozen=True)
class Wish:
    """What the next letter shall say: keys to add, ids to revoke, how long a new key counts."""

    add: list[Request]
    revoke: list[str]
    days: int = DAYS


def next_letter(
    root: Ed25519PrivateKey,
    before: SignedLetter | None,
    wish: Wish,
    now: datetime,
    new_root: Ed25519PrivateKey | None = None,
) -> SignedLetter:
    """The letter after `before`; a new key comes first, so the centre signs with it from now on. LetterError."""
    old = read(before) if before else None
    if old and public_bytes(root) != old.root:
        raise LetterError("root")
    kept = [one for one in old.keys if one.key_id not in wish.revoke] if old else []
    added = [
        Certificate(
            one.key_id, one.public_key, stamp(now.timestamp()), stamp((now + timedelta(days=wish.days)).timestamp())
        )
        for one in wish.add
    ]
    fresh = {one.key_id for one in added}
    keys = [*added, *(one for one in kept if one.key_id not in fresh)]
    named = public_bytes(new_root or root)
    letter = Letter(1, (old.serial if old else 0) + 1, named, keys, stamp(now.timestamp()))
    told = write(letter, [root, new_root] if new_root else [root])
    read(told)  # what we would refuse is never handed out
    return told


def make_root(path: Path, password: str) -> Ed25519PrivateKey:
    """A root key in a new file; never over an old one."""
    key = Ed25519PrivateKey.generate()
    lock: KeySerializationEncryption = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock))
    return key


def load_root(path: Path, ask: str) -> Ed25519PrivateKey:
    """A root key; the password is asked for when the file has one. ValueError when it is no such key."""
    data = path.read_bytes()
    password = getpass.getpass(ask).encode() if b"ENCRYPTED" in data else None
    key = load_pem_private_key(data, password)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"not an Ed25519 key: {path}")
    return key


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 when done, 2 when it could not be."""
    parser = argparse.ArgumentParser(prog="python -m sync.root", description="离线的根密钥:请在不联网的电脑上用")
    commands = parser.add_subparsers(dest="command", required=True)
    making = commands.add_parser("make", help="做一把根密钥")
    making.add_argument("file", type=Path)
    making.add_argument("--no-password", action="store_true", help="文件不加密码(放在保险柜里的 U 盘上时)")
    signing = commands.add_parser("sign", help="签发一份密钥书,打印出来")
    signing.add_argument("root", type=Path)
    signing.add_argument("--request", type=Path, action="append", default=[], help="中心的申请,可以有几份")
    signing.add_argument("--after", type=Path, help="上一份密钥书;第一份不写")
    signing.add_argument("--revoke", action="append", default=[], metavar="ID", help="吊销一把发布密钥")
    signing.add_argument("--new-root", type=Path, help="换根:新的根密钥")
    signing.add_argument("--days", type=int, default=DAYS, help=f"新密钥有效几天,默认 {DAYS}")
    options = parser.parse_args(arguments)
    try:
        return _make(options) if options.command == "make" else _sign(options)
    except (OSError, ValueError, msgspec.MsgspecError, LetterError) as error:
        print(f"没有做成:{error}", file=sys.stderr)
        print("请核对文件、密码和上一份密钥书;什么都没有改。", file=sys.stderr)
        return 2


def _make(options: argparse.Namespace) -> int:
    password = "" if options.no_password else getpass.getpass("给根密钥设一个密码:")
    if not options.no_password and (not password or password != getpass.getpass("再输一遍:")):
        raise ValueError("密码是空的或两遍不一样")
    key = make_root(options.file, password)
    print(
        f"根密钥 {key_id(public_bytes(key))} 已存到 {options.file}。请抄一份放到另一个保险柜;丢了就只能逐台重新登记。"
    )
    return 0


def _sign(options: argparse.Namespace) -> int:
    before = msgspec.json.decode(options.after.read_bytes(), type=SignedLetter) if options.after else None
    wish = Wish(
        [msgspec.json.decode(path.read_bytes(), type=Request) for path in options.request], options.revoke, options.days
    )
    root = load_root(options.root, "根密钥的密码:")
    new_root = load_root(options.new_root, "新根密钥的密码:") if options.new_root else None
    told = next_letter(root, before, wish, datetime.now(UTC), new_root)
    print(msgspec.json.encode(told).decode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
