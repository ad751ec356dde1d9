"""The text of a file that an editor gives: plain text, Markdown, Word (docx) or PDF. What a file is, its bytes say."""

from __future__ import annotations

import io
import logging
import zipfile

from docx import Document as WordFile
from docx.table import Table
from pypdf import PdfReader

from app.library.rules import LONGEST, clean, looks_binary
from app.problems import Problem

UNPACKED = 100_000_000
"""Bytes that a Word file may unpack to; more is a zip bomb."""
PAGES = 1000
"""Pages of a PDF that are read."""
ENCODINGS = ("utf-8-sig", "gb18030")
"""Tried in this order: editors' own notes come from Notepad in either."""


def text_of(name: str, data: bytes) -> str:
    """The text of a file, cleaned; Problem('library.file') with the reason when there is none."""
    if not data:
        raise _refused("文件是空的")
    if data.startswith(b"%PDF-"):
        text = _pdf(data)
    elif data.startswith(b"PK\x03\x04"):
        text = _word(data)
    elif data.startswith(b"\xd0\xcf\x11\xe0"):
        raise _refused("这是旧版 Office 文件，请在 Word 里另存为 docx")
    else:
        text = _plain(data, name)
    text = clean(text)
    if not text.strip():
        raise _refused("文件里没有文字，可能是扫描件，请先识别成文字")
    if len(text) > LONGEST:
        raise _refused(f"文字有 {len(text)} 字，最多 {LONGEST} 字，请拆成几篇")
    return text


def _refused(reason: str) -> Problem:
    return Problem("library.file", reason=reason)


def _plain(data: bytes, name: str) -> str:
    marked = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    for encoding in ("utf-16",) if marked else ENCODINGS:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not looks_binary(text):
            return text
    ending = name.rsplit(".", 1)[-1].lower() if "." in name else ""
    raise _refused(f"这不是文字文件{f'，虽然名字以 .{ending[:8]} 结尾' if ending in ('txt', 'md') else ''}")


def _word(data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(part.file_size for part in archive.infolist()) > UNPACKED:
                raise _refused("文件解开以后太大")
            if "word/document.xml" not in archive.namelist():
                raise _refused("这不是 Word 文件（docx）")
        lines = []
        for block in WordFile(io.BytesIO(data)).iter_inner_content():
            if isinstance(block, Table):
                lines += ["　".join(_cells(row)) for row in block.rows]
            else:
                lines.append(block.text)
    except Problem:
        raise
    except Exception as error:  # the libraries tell a broken file by whatever breaks first
        raise _refused("Word 文件读不出来，可能已经损坏") from error
    return "\n".join(lines)


def _cells(row: object) -> list[str]:
    """Texts of a row's cells, merged ones once."""
    found: list[str] = []
    last = None
    for cell in row.cells:  # type: ignore[attr-defined]
        if cell._tc is not last:
            found.append(" ".join(cell.text.split()))
        last = cell._tc
    return found


def _pdf(data: bytes) -> str:
    logging.getLogger("pypdf").setLevel(logging.ERROR)  # its warnings quote the file
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise _refused("PDF 有密码，请先去掉密码")
        if len(reader.pages) > PAGES:
            raise _refused(f"PDF 超过 {PAGES} 页，请拆成几份")
        parts, size = [], 0
        for page in reader.pages:
            parts.append(page.extract_text())
            size += len(parts[-1])
            if size > LONGEST * 2:
                break
    except Problem:
        raise
    except Exception as error:
        raise _refused("PDF 读不出来，可能已经损坏") from error
    return "\n".join(parts)
