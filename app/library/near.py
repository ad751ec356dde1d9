"""What is alike in the library, for other slices: the one module of this slice that they may import."""

from __future__ import annotations

from sqlalchemy import Connection

from app.library.index import Alike, Shelf, item_body
from app.library.rules import ITEM, KINDS
from app.problems import Problem
from app.settings import Settings
from datasets.rows import Document

KIND_WORDS = KINDS | {ITEM: "事项"}

__all__ = ["KIND_WORDS", "Alike", "near_item"]


def near_item(settings: Settings, connection: Connection, document: Document) -> list[Alike]:
    """Texts and other items about the same matter as an item (in force or drafted); none while the index is busy."""
    try:
        return Shelf(settings, connection).alike(f"item:{document['slug']}", document["name"], item_body(document))
    except Problem:
        return []
