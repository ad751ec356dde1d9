"""The peer of answering: whoosh-reloaded with jieba's analyser over names, questions and the rest of each item."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from jieba.analyse import ChineseAnalyzer
from whoosh import fields, index, qparser

from datasets.rows import Document


class Peer:
    """An index in `folder`, asked by any of a question's words; names weigh three times, questions twice."""

    def __init__(self, items: Sequence[Document], folder: Path) -> None:
        folder.mkdir()
        analyser = ChineseAnalyzer()
        texts = {
            name: fields.TEXT(analyzer=analyser, field_boost=boost)
            for name, boost in (("name", 3.0), ("question", 2.0), ("rest", 1.0))
        }
        files = index.create_in(str(folder), fields.Schema(slug=fields.ID(stored=True), **texts))
        writer = files.writer()
        for item in items:
            asked = [pair.get("q_full", pair["q"]) for pair in item["qa"]] + list(item.get("phrasings") or ())
            writer.add_document(
                slug=item["slug"],
                name=" ".join([item["name"], *item["aliases"]]),
                question=" ".join(asked),
                rest=json.dumps({key: value for key, value in item.items() if key != "phrasings"}, ensure_ascii=False),
            )
        writer.commit()
        self.parser = qparser.MultifieldParser(["name", "question", "rest"], files.schema, group=qparser.OrGroup)
        self.searcher = files.searcher()

    def ask(self, question: str) -> list[str]:
        """Slugs of the first three items."""
        return [hit["slug"] for hit in self.searcher.search(self.parser.parse(question), limit=3)]
