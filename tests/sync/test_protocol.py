"""PROTOCOL.md cannot rot: every sentence names tests that exist, every sample is what the code reads."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.events import FileNamed
from app.places.rules import public_key_fault
from sync import manifest, signatures
from sync.brief import read_request, shorten, whole
from sync.messages import decode_request
from sync.replies import read_enrol, read_failure, read_sync

TESTS = Path(__file__).parents[1]
TEXT = (TESTS.parent / "sync" / "PROTOCOL.md").read_text(encoding="utf-8")
SENTENCES = re.findall(r"^\*\*(S\d+)\.\*\*(.*?)(?=^\*\*S\d+\.\*\*|^## |^```|\Z)", TEXT, re.MULTILINE | re.DOTALL)
SAMPLES = dict(re.findall(r"^```json ([\w-]+)\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL))


def test_sentences_are_numbered_without_gaps() -> None:
    assert [name for name, _ in SENTENCES] == [f"S{number}" for number in range(1, len(SENTENCES) + 1)]


@pytest.mark.parametrize(("name", "sentence"), SENTENCES, ids=[name for name, _ in SENTENCES])
def test_every_sentence_names_a_proof_that_exists(name: str, sentence: str) -> None:
    proofs = [
        proof.strip() for part in re.findall(r"\[([^\]]+\.(?:py|json)[^\]]*)\]", sentence) for proof in part.split(",")
    ]
    assert proofs, name
    for proof in proofs:
        file, _, test = proof.partition("::")
        source = (TESTS / file).read_text(encoding="utf-8")
        assert not test or f"def {test}(" in source, proof


def test_numbers_used_in_the_code_are_sentences() -> None:
    known = {name for name, _ in SENTENCES}
    for file in [
        *TESTS.parent.glob("sync/*.py"),
        *TESTS.parent.glob("pwa/src/s*/*.ts"),
        *TESTS.parent.glob("app/syncing/*.py"),
    ]:
        assert set(re.findall(r"\bS\d{1,2}\b", file.read_text(encoding="utf-8"))) <= known, file.name


def sample(name: str) -> tuple[bytes, Any]:
    text = SAMPLES[name]
    return text.encode(), json.loads(text)


def test_samples_are_read_by_the_code_without_a_rest() -> None:
    body, plain = sample("sync-request")
    assert msgspec.to_builtins(decode_request(body)) == {**plain, "word": ""}
    body, plain = sample("sync-reply")
    reply = read_sync(body)
    assert {*plain, "taken"} == set(msgspec.structs.asdict(reply))
    body, plain = sample("sync-request-3")
    assert json.loads(shorten(read_request(body))) == plain
    body, plain = sample("sync-reply-3")
    assert {
        one.ledger for one in whole(read_sync(body), read_request(sample("sync-request-3")[0]).events).verdicts
    } == {22, 23}
    assert manifest.Manifest.__struct_fields__[0] == "v"
    assert msgspec.json.decode(reply.manifests[0].manifest, type=manifest.Manifest).release == 1
    body, plain = sample("enrol-reply")
    assert set(plain) == set(msgspec.structs.asdict(read_enrol(body)))
    assert msgspec.to_builtins(msgspec.convert(sample("file")[1], FileNamed)) == sample("file")[1]
    assert public_key_fault(sample("enrol-request")[1]["public_key"]) == ""
    assert read_failure(sample("problem")[0]).code == "device.clock"


def test_the_signature_base_shown_is_that_of_the_first_vector() -> None:
    first = json.loads((TESTS / "vectors" / "signatures.json").read_text(encoding="utf-8"))["good"][0]
    assert first["base"] in TEXT
    params = first["headers"]["Signature-Input"].removeprefix("jb=")
    assert signatures.base("POST", "/sync", first["headers"]["Content-Digest"], params) == first["base"]
