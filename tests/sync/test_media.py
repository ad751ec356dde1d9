"""Recordings and samples: released by the centre, fetched last, only where somebody will hear them."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing

import apsw
import pytest

from app.knowledge import media, releases
from app.knowledge.publish import publish_media
from app.problems import Problem
from app.settings import Settings
from datasets.build import SCHEMA
from datasets.media import SCHEMA as MEDIA_SCHEMA
from sync.client import Village, World
from tests.sync.conftest import Centre, Settle
from tests.wire import Wire

OGG = b"OggS\x00\x02"
ITEM = "temp-id-card"


def voice(size: int = 30_000) -> bytes:
    """Bytes that begin like a recording."""
    return OGG + os.urandom(size - len(OGG))


Release = Callable[..., releases.Release]


@pytest.fixture
def release(centre: Centre, settings: Settings) -> Release:
    """`release({"lis": bytes, …})`: a media release with a voice of one item in each language."""

    def release(voices: dict[str, bytes], item: str = ITEM) -> releases.Release:
        entries = [
            media.Entry(item, media.VOICE, code, 1, media.take(settings, data).sha256, 12, "临时身份证怎么办")
            for code, data in voices.items()
        ]
        with centre.app.app_context(), centre.app.extensions["jjb_db"].write() as connection:
            return publish_media(connection, settings, entries, "录音", "test")

    return release


@pytest.fixture
def listener(centre: Centre, wire: Wire, settle: Settle, tmp_path_factory: pytest.TempPathFactory) -> Village:
    """A village in 泸水 that takes recordings."""
    folder = tmp_path_factory.mktemp("listener")
    village = Village(folder, wire.url, SCHEMA, World(sleep=lambda _: None), 5.0, MEDIA_SCHEMA)
    village.enrol(centre.code())
    return village


def test_recordings_of_the_regions_languages_come_after_the_knowledge(
    centre: Centre, settings: Settings, release: Release, listener: Village
) -> None:
    lisu = voice()
    release({"lis": lisu, "duu": voice()})  # nobody speaks 独龙语 in 泸水
    assert listener.sync().ok
    assert listener.release == 1
    assert [one.here for one in listener.media.recordings(ITEM)] == [False, False]
    done = listener.fetch_media()
    assert (done.error, done.files, done.gained) == (None, 1, len(lisu))
    found = {one.language: one for one in listener.media.recordings(ITEM)}
    assert (found["lis"].here, found["duu"].here) == (True, False)
    assert listener.media.read(found["lis"].sha256) == lisu
    assert (found["lis"].type, found["lis"].seconds) == ("audio/ogg", 12)
    assert listener.fetch_media().gained == 0  # never fetched twice
    with centre.app.extensions["jjb_db"].read() as connection:
        assert {one.language for one in media.in_force(connection, settings)} == {"lis", "duu"}


def test_a_device_takes_the_languages_that_its_person_chose_and_none_when_told_so(
    release: Release, listener: Village, wire: Wire
) -> None:
    release({"lis": voice(), "duu": voice()})
    listener.choose_media([])
    listener.sync()
    assert listener.media.recordings(ITEM) == []  # not even the list is fetched
    listener.choose_media(["duu"])
    listener.sync()
    listener.fetch_media()
    assert [one.language for one in listener.media.recordings(ITEM) if one.here] == ["duu"]
    listener.choose_media([])
    listener.fetch_media()
    assert listener.media.held() == {}


def test_a_recording_is_fetched_on_from_the_byte_where_it_was_cut_or_paused(
    release: Release, listener: Village, wire: Wire
) -> None:
    data = voice(700_000)
    release({"lis": data})
    listener.sync()
    paused = listener.fetch_media(go_on=iter([True, True, False]).__next__)  # a call begins
    assert 0 < paused.gained < len(data)
    gained = paused.gained
    wire.cut_down_at = 200_000
    cut = listener.fetch_media()
    wire.cut_down_at = None
    assert cut.error is not None
    gained += cut.gained
    before = wire.bytes_down
    done = listener.fetch_media()
    assert done.files == 1
    assert gained + done.gained == len(data)
    assert wire.bytes_down - before < done.gained + 2_000
    assert listener.media.read(listener.media.recordings(ITEM)[0].sha256) == data


def test_what_a_newer_release_leaves_out_is_forgotten_and_the_rest_is_kept(
    release: Release, listener: Village, wire: Wire
) -> None:
    kept, gone = voice(), voice()
    release({"lis": kept, "nuf": gone})
    listener.sync()
    listener.fetch_media()
    release({"lis": kept, "yunnan": kept})
    before = wire.bytes_down
    assert listener.sync().ok
    listener.fetch_media()
    assert wire.bytes_down - before < len(kept)  # a small delta, and no file twice
    assert list(listener.media.held().values()) == [len(kept)]


def test_no_more_is_kept_than_there_is_room(release: Release, listener: Village) -> None:
    release({"lis": voice(50_000), "nuf": voice(30_000), "yunnan": voice(20_000)})
    listener.sync()
    listener.media.most = 75_000
    listener.fetch_media()
    assert sorted(listener.media.held().values()) == [20_000, 50_000]
    assert listener.media.plan("533301001003", None).over_bytes == 30_000


def test_what_could_be_no_recording_is_not_taken(settings: Settings, release: Release) -> None:
    for data, code in ((b"MZ\x90\x00", "media.kind"), (b"", "media.kind"), (voice(3_000_000), "media.large")):
        with pytest.raises(Problem) as refused:
            media.take(settings, data)
        assert refused.value.code == code
    for voices, item in (({"lis": OGG}, "no-such-item"), ({"tlh": OGG}, ITEM)):
        with pytest.raises(Problem) as refused:
            release(voices, item)
        assert refused.value.code == "media.missing"


def test_a_release_names_only_files_that_are_kept(centre: Centre, settings: Settings) -> None:
    entry = media.Entry(ITEM, media.VOICE, "lis", 1, "0" * 64, 1, "")
    with pytest.raises(Problem) as refused, centre.app.extensions["jjb_db"].write() as connection:
        publish_media(connection, settings, [entry], "", "test")
    assert refused.value.code == "media.missing"


def test_a_changed_list_of_recordings_is_replaced_and_a_program_that_knows_none_hears_of_none(
    release: Release, listener: Village, settle: Settle
) -> None:
    release({"lis": voice()})
    listener.sync()
    with closing(apsw.Connection(str(listener.media.path))) as db:
        db.execute("UPDATE medium SET text = '别的'")
    release({"lis": voice(), "nuf": voice()})
    assert listener.sync().ok
    assert {one.text for one in listener.media.recordings(ITEM)} == {"临时身份证怎么办"}
    plain = settle("plain")
    assert plain.sync().ok
    assert plain.mailbox.get("manifest.media") is None
