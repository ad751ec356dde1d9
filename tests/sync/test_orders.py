"""What the centre does to devices and their keys, on a real centre: rotation, revocation, another point, sending again."""

from __future__ import annotations

import base64
import json
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app import __main__ as commands
from app import keys
from app.knowledge.publish import sign_anew
from app.places import orders
from app.places import store as places
from app.problems import Problem
from app.settings import Settings
from app.syncing import store as syncing
from sync import root
from sync.client import Village, World
from sync.keyring import LetterError, SignedLetter
from sync.manifest import ManifestError, key_id, public_bytes
from sync.wire import Refused
from tests.sync.conftest import Centre, Settle
from tests.sync.test_client import _publish, arrived, ask


class Operator:
    """Somebody with the root key in a drawer and a shell at the centre."""

    def __init__(self, centre: Centre, settings: Settings) -> None:
        self.centre, self.settings = centre, settings
        self.root = Ed25519PrivateKey.generate()
        self.last: SignedLetter | None = None

    def certify(
        self, *add: Ed25519PrivateKey, revoke: tuple[str, ...] = (), new_root: Ed25519PrivateKey | None = None
    ) -> None:
        """Sign the next letter at home and import it at the centre."""
        asked = [root.Request(key_id(public_bytes(key)), public_bytes(key)) for key in add]
        told = root.next_letter(self.root, self.last, root.Wish(asked, list(revoke)), datetime.now(UTC), new_root)
        self.root, self.last = new_root or self.root, told
        keys.keep_letter(self.settings, told)
        with self.centre.app.app_context(), self.centre.app.extensions["jjb_db"].write() as connection:
            sign_anew(connection, self.settings)


@pytest.fixture
def operator(centre: Centre, settings: Settings) -> Operator:
    return Operator(centre, settings)


def _id(key: Ed25519PrivateKey) -> str:
    return key_id(public_bytes(key))


# ---- keys ----


def test_a_village_of_before_the_root_takes_it_once_and_follows_rotations(
    centre: Centre, settle: Settle, settings: Settings, operator: Operator
) -> None:
    village = settle()
    assert village.sync().ok
    assert village.trust.root == b""
    operator.certify(keys.first(settings))
    assert village.sync().ok
    assert village.trust.root == public_bytes(operator.root)
    operator.certify(keys.new_release_key(settings), revoke=(_id(keys.first(settings)),))
    _publish(centre, settings, "工本费 20 元")
    assert village.sync().ok
    assert (village.release, village.trust.serial) == (2, 2)


def test_a_village_that_was_away_since_before_the_root_catches_up_in_one_round(
    centre: Centre, settle: Settle, settings: Settings, operator: Operator
) -> None:
    village = settle()
    operator.certify(keys.first(settings))
    operator.certify(keys.new_release_key(settings), revoke=(_id(keys.first(settings)),))
    operator.certify(new_root=Ed25519PrivateKey.generate())
    assert village.sync().ok
    assert (village.release, village.trust.root) == (1, public_bytes(operator.root))


def test_a_new_village_pins_the_root_at_its_enrolment(settle: Settle, settings: Settings, operator: Operator) -> None:
    operator.certify(keys.first(settings))
    village = settle("new")
    assert village.trust.root == public_bytes(operator.root)
    assert village.sync().ok


def test_what_a_revoked_or_uncertified_key_signs_is_refused_and_the_old_release_serves(
    centre: Centre, settle: Settle, settings: Settings, operator: Operator
) -> None:
    operator.certify(keys.first(settings))
    village = settle()
    village.sync()
    stolen = keys.first(settings)
    operator.certify(keys.new_release_key(settings), revoke=(_id(stolen),))
    issued = _publish(centre, settings, "工本费 20 元")
    false = json.dumps({**json.loads(issued.manifest), "key_id": _id(stolen)})
    village.sync()
    village.mailbox.put(release=1, manifest={"manifest": false, "signature": _sign(stolen, false)})
    with pytest.raises(ManifestError) as caught:
        village._bring([], outcome=None)  # type: ignore[arg-type]
    assert caught.value.kind == "key"
    assert village.shelf.root() == issued.content_root


def _sign(key: Ed25519PrivateKey, text: str) -> str:
    return base64.b64encode(key.sign(text.encode())).decode()


def test_a_letter_of_somebody_else_is_refused_at_the_centre_and_on_the_device(
    settle: Settle, settings: Settings, operator: Operator
) -> None:
    operator.certify(keys.first(settings))
    village = settle()
    village.sync()
    stranger, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    request = root.Request(_id(other), public_bytes(other))
    told = root.next_letter(stranger, None, root.Wish([request], []), datetime.now(UTC))
    with pytest.raises(Problem) as caught:
        keys.keep_letter(settings, told)
    assert caught.value.code == "keys.letter"
    with pytest.raises(LetterError):
        village._learn_keys([told])
    assert village.trust.root == public_bytes(operator.root)


def test_a_letter_without_a_key_of_this_centre_is_not_imported(settings: Settings, operator: Operator) -> None:
    with pytest.raises(Problem) as caught:
        operator.certify(Ed25519PrivateKey.generate())
    assert "没有一把" in caught.value.sentence
    assert keys.letters(settings) == []


def test_the_commands_of_the_centre(
    centre: Centre,
    settings: Settings,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(commands, "create_app", lambda _settings: centre.app)
    assert commands.main(["keys", "status"]) == 0
    assert "还没有离线的根密钥" in capsys.readouterr().out
    assert commands.main(["keys", "request"]) == 0
    request = msgspec.json.decode(capsys.readouterr().out, type=root.Request)
    told = root.next_letter(Ed25519PrivateKey.generate(), None, root.Wish([request], []), datetime.now(UTC))
    path = tmp_path / "letter.json"
    path.write_bytes(msgspec.json.encode(told))
    assert commands.main(["keys", "import", str(path)]) == 0
    assert request.key_id in capsys.readouterr().out
    assert commands.main(["keys", "import", str(path)]) == 2  # the same number again
    assert commands.main(["keys", "import", str(tmp_path / "none.json")]) == 2
    assert "读不出这个文件" in capsys.readouterr().err
    assert commands.main(["keys", "request"]) == 0  # for the next rotation: a fresh one
    assert msgspec.json.decode(capsys.readouterr().out, type=root.Request) != request


# ---- another point, sending again, stopping ----


def _order(centre: Centre, kind: str, village: Village, *what: object) -> None:
    with centre.app.app_context(), centre.app.extensions["jjb_db"].write() as connection:
        getattr(orders, kind)(connection, village.device, *what, "搬家了", "centre")


def _other(centre: Centre) -> str:
    with centre.app.extensions["jjb_db"].read() as connection:
        return next(str(point.id) for point in places.points(connection, "") if point.id != "hexie")


def test_a_moved_device_keeps_the_point_of_what_it_recorded_before(centre: Centre, settle: Settle) -> None:
    village = settle()
    ask(village)
    village.sync()
    ask(village, "搬家以前")
    target = _other(centre)
    _order(centre, "move", village, target)
    village.batch = 1
    village.round()  # brings one, hears of the move
    before = village.mailbox.last_seq()
    ask(village, "搬家以后")
    village.sync()
    told = {entry.device_seq: entry.service_point for entry in centre.events(village.device)}
    assert told == {1: "hexie", before: "hexie", before + 1: target}
    assert village.mailbox.get("enrolled")["point"]["id"] == target
    assert village.mailbox.inbox() == []


def test_events_that_wait_through_a_move_enter_at_their_old_point(centre: Centre, settle: Settle) -> None:
    village = settle()
    village.sync()
    target = _other(centre)
    _order(centre, "move", village, target)
    for number in range(6):
        ask(village, f"第 {number} 问")
    village.batch = 2
    village.round()
    ask(village, "新地方")
    village.sync()
    assert [entry.service_point for entry in centre.events(village.device)] == ["hexie"] * 6 + [target]


def test_letters_of_a_device_that_left_are_never_given_again(centre: Centre, settle: Settle) -> None:
    village = settle("a")
    letters = village.mailbox.get("enrolled")["letters"]
    _order(centre, "move", village, _other(centre))
    village.sync()
    village.sync()
    assert settle("b").mailbox.get("enrolled")["letters"] != letters


def test_a_device_sends_again_from_a_number_once_and_nothing_is_doubled(centre: Centre, settle: Settle) -> None:
    village = settle()
    sent = [ask(village) for _ in range(3)]
    village.sync()
    _order(centre, "resend", village, 2)
    outcome = village.round()
    assert outcome.resent == 2
    village.sync()
    assert village.status().waiting == 0
    assert arrived(centre, village) == sent
    assert village.round().resent == 0
    with centre.app.extensions["jjb_db"].read() as connection:
        assert orders.open_orders(connection) == []


def test_an_order_taken_back_is_not_carried_out(centre: Centre, settle: Settle) -> None:
    village = settle()
    _order(centre, "move", village, _other(centre))
    with centre.app.app_context(), centre.app.extensions["jjb_db"].write() as connection:
        (one,) = orders.open_orders(connection)
        orders.drop(connection, one.id, "centre")
        with pytest.raises(Problem):
            orders.drop(connection, one.id, "centre")
    village.sync()
    assert village.mailbox.get("enrolled")["point"]["id"] == "hexie"


def test_orders_that_make_no_sense_are_refused(centre: Centre, settle: Settle) -> None:
    village = settle()
    with pytest.raises(Problem, match=r"device\.there"):
        _order(centre, "move", village, "hexie")
    with pytest.raises(Problem, match=r"request\.missing"):
        _order(centre, "move", village, "nowhere")
    _order(centre, "resend", village, 1)
    with pytest.raises(Problem, match=r"device\.ordered"):
        _order(centre, "resend", village, 1)
    with centre.app.app_context(), centre.app.extensions["jjb_db"].write() as connection:
        places.revoke(connection, str(village.device), "旧了", "centre")
    with pytest.raises(Problem, match=r"device\.stopped"):
        _order(centre, "move", village, _other(centre))


def test_a_revoked_device_forgets_persons_and_keeps_what_it_could_not_send(centre: Centre, settle: Settle) -> None:
    village = settle()
    ask(village)
    village.sync()
    with centre.app.extensions["jjb_db"].write() as connection:
        syncing.push(connection, "hexie", "case.progress", {"case_no": "x"})
    village.sync()
    late = [ask(village) for _ in range(2)]
    with centre.app.app_context(), centre.app.extensions["jjb_db"].write() as connection:
        places.revoke(connection, str(village.device), "旧了", "centre")
    outcome = village.sync()
    assert isinstance(outcome.error, Refused)
    assert village.mailbox.inbox() == []
    assert village.mailbox.verdicts() == dict.fromkeys(late)
    assert len(arrived(centre, village)) == 1


def test_a_device_without_contact_for_longer_than_its_lease_forgets_what_the_centre_has(
    centre: Centre, settle: Settle
) -> None:
    world = World(now=lambda: now[0], sleep=lambda _: None)
    now = [time.time()]
    village = settle(world=world)
    ask(village)
    village.sync()
    with centre.app.extensions["jjb_db"].write() as connection:
        syncing.push(connection, "hexie", "case.progress", {"case_no": "x"})
    village.sync()
    late = ask(village)
    now[0] += 30 * 86_400 - 60
    assert not village.status().lapsed
    now[0] += 120
    status = village.status()
    assert (status.lapsed, status.waiting, status.release) == (True, 1, 1)  # knowledge serves on
    assert village.mailbox.inbox() == []
    assert village.mailbox.verdicts() == {late: None}
    now[0] -= 20 * 86_400
    assert village.status().lapsed  # a clock set back prolongs nothing
    village.sync()
    assert (village.status().lapsed, village.status().waiting) == (False, 0)
    assert len(arrived(centre, village)) == 2


# ---- versions ----


@pytest.mark.parametrize("version", [1, 2])
def test_a_village_speaks_the_version_of_an_older_centre(
    settle: Settle, centre: Centre, monkeypatch: pytest.MonkeyPatch, version: int
) -> None:
    monkeypatch.setattr("sync.messages.ROWS", version)  # what this process reads requests with: a centre of before
    monkeypatch.setattr("sync.brief.BRIEF", 9)
    monkeypatch.setattr("app.syncing.views.PROTO", version)
    village = settle()
    sent = ask(village)
    assert village.sync().ok
    assert village.proto == version
    assert arrived(centre, village) == [sent]
