"""A tus client that is not ours (tuspy) brings a file to the centre: what we speak is tus, not only what we think it is."""

from __future__ import annotations

import io
import logging
import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from flask import Flask
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError
from werkzeug.serving import make_server

from sync import signatures
from tests.app.files.test_tus import PHOTO, entries, file_case, name_of
from tests.app.village import Village


class Signer:
    """Before the centre: signs each request as the device, for a client that knows nothing of our signatures."""

    def __init__(self, app: Flask, village: Village) -> None:
        self.app, self.village = app, village
        self.lengths: list[int] = []

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        signed = signatures.sign(
            environ["REQUEST_METHOD"], environ["PATH_INFO"], body, self.village.key, self.village.id, int(time.time()),
            str(uuid.uuid4()),
        )  # fmt: skip
        environ |= {"HTTP_" + name.upper().replace("-", "_"): text for name, text in signed.items()}
        environ["wsgi.input"] = io.BytesIO(body)
        environ.pop("werkzeug.socket", None)  # the body is here already
        if environ["REQUEST_METHOD"] == "PATCH":
            self.lengths.append(len(body))
        return self.app(environ, start)


@pytest.fixture
def village(app: Flask) -> Village:
    return Village(app)


@pytest.fixture
def signer(app: Flask, village: Village) -> Iterator[tuple[Signer, str]]:
    """The signer and the address of `/files` behind it."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    signer = Signer(app, village)
    server = make_server("127.0.0.1", 0, signer, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield signer, f"http://127.0.0.1:{server.server_port}/files"
    server.shutdown()
    server.server_close()
    thread.join(10)


def test_a_client_that_is_not_ours_creates_resumes_and_checks_sums(
    app: Flask, village: Village, signer: tuple[Signer, str]
) -> None:
    between, url = signer
    case_no = file_case(village, name_of(PHOTO))
    said = {"case": case_no, "sha256": str(name_of(PHOTO)["sha256"])}
    client = TusClient(url)
    first = client.uploader(file_stream=io.BytesIO(PHOTO), chunk_size=1000, metadata=said, upload_checksum=True)
    first.upload_chunk()
    again = client.uploader(
        file_stream=io.BytesIO(PHOTO), chunk_size=1500, url=first.url, metadata=said, upload_checksum=True
    )
    assert again.get_offset() == 1000
    again.offset = again.get_offset()
    again.upload()
    assert between.lengths == [1000, 1500, len(PHOTO) - 2500]
    assert [entry.subject for entry in entries(app, "case.file_stored")] == [case_no]


def test_a_client_that_is_not_ours_hears_what_is_refused(village: Village, signer: tuple[Signer, str]) -> None:
    said = {"case": file_case(village, name_of(PHOTO)), "sha256": "0" * 64}
    with pytest.raises(TusCommunicationError):
        TusClient(signer[1]).uploader(file_stream=io.BytesIO(PHOTO), chunk_size=1000, metadata=said).upload()
