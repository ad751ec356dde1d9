from __future__ import annotations

from remote.pairing import ROOMS, TRIES, Code, free_room, read, try_code

CODE = Code(room=7, secret=12345, expires=300.0)


def test_the_right_digits_do_once_and_in_time() -> None:
    assert CODE.words() == "07 012 345"
    after, right = try_code(CODE, 12345, 10.0)
    assert right and after.used
    assert try_code(after, 12345, 11.0) == (after, False)
    assert try_code(CODE, 12345, 300.0) == (CODE, False)


def test_five_wrong_guesses_lock_it_also_for_the_right_digits() -> None:
    code = CODE
    for guess in range(TRIES):
        assert not code.locked()
        code, right = try_code(code, guess, 1.0)
        assert not right
    assert code.locked()
    assert try_code(code, 12345, 1.0) == (code, False)


def test_only_eight_digits_are_a_code() -> None:
    assert read("07012345") == (7, 12345)
    assert [read(one) for one in ("", "0701234", "070123456", "0701234a", "０７０１２３４５")] == [None] * 5


def test_no_two_open_codes_share_a_room() -> None:
    assert free_room({5, 6}, 5) == 7
    assert free_room({ROOMS - 1}, ROOMS - 1) == 0
    assert free_room(set(range(ROOMS)), 3) is None
