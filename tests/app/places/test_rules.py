from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from app.places.rules import ALPHABET, CODE_LENGTH, next_letters, plain, public_key_fault, shown
from sync import signatures

code = st.text(alphabet=ALPHABET, min_size=CODE_LENGTH, max_size=CODE_LENGTH)


@given(code)
def test_a_code_is_the_same_however_it_is_copied(text: str) -> None:
    assert plain(shown(text)) == text
    assert plain(shown(text).lower().replace("-", " ")) == text
    assert plain(shown(text).replace("-", "—")) == text


def test_a_code_is_shown_in_groups() -> None:
    assert shown("ABCDEFGHJK") == "ABCD-EFGH-JK"


def test_letters_that_people_confuse_are_in_no_code() -> None:
    assert not set("0O1IL") & set(ALPHABET)


@given(st.sets(st.text(alphabet="ABCXYZ", min_size=2, max_size=2)))
def test_new_letters_were_never_used(taken: set[str]) -> None:
    letters = next_letters(taken)
    assert letters not in taken
    assert len(letters) == 2
    assert letters.isupper()


def test_a_point_has_room_for_676_computers() -> None:
    taken: set[str] = set()
    for _ in range(676):
        taken.add(next_letters(taken))
    assert len(taken) == 676
    with pytest.raises(ValueError, match="676"):
        next_letters(taken)


GOOD = signatures.jwk(ec.generate_private_key(ec.SECP256R1()).public_key())


@pytest.mark.parametrize(
    "key",
    [
        None,
        [],
        "key",
        {},
        {**GOOD, "kty": "RSA"},
        {**GOOD, "crv": "P-384"},
        {**GOOD, "x": 1},
        {**GOOD, "y": "short"},
        {**GOOD, "d": "the private part"},
    ],
)
def test_what_is_not_a_public_key_is_refused(key: object) -> None:
    assert public_key_fault(key)


def test_a_browser_key_is_accepted() -> None:
    assert public_key_fault(GOOD) == ""
