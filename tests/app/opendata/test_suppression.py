from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from app.opendata.rules import suppress, total

K = 10
tables = st.integers(1, 5).flatmap(
    lambda rows: st.integers(1, 5).flatmap(
        lambda columns: st.lists(st.integers(0, 30), min_size=rows * columns, max_size=rows * columns).map(
            lambda counts: {(f"r{i // columns}", f"c{i % columns}"): count for i, count in enumerate(counts)}
        )
    )
)


@given(tables)
def test_no_small_count_is_published(cells: dict[tuple[str, str], int]) -> None:
    assert all(count is None or count == 0 or count >= K for count in suppress(cells, K).values())


@given(tables)
def test_what_is_published_is_true(cells: dict[tuple[str, str], int]) -> None:
    assert all(count in (None, cells[key]) for key, count in suppress(cells, K).items())


@given(tables)
def test_no_hidden_count_stands_alone_in_its_line(cells: dict[tuple[str, str], int]) -> None:
    published = suppress(cells, K)
    for axis in (0, 1):
        hidden = Counter(key[axis] for key, count in published.items() if count is None)
        length = Counter(key[axis] for key in cells)
        assert all(number > 1 or length[line] == 1 for line, number in hidden.items())


@given(tables)
def test_a_total_never_gives_a_hidden_count_away(cells: dict[tuple[str, str], int]) -> None:
    published = suppress(cells, K)
    for axis in (0, 1):
        for line in {key[axis] for key in cells}:
            inside = [count for key, count in published.items() if key[axis] == line]
            shown = total(published, axis, line)
            if None in inside:
                assert shown is None
            else:
                assert shown == sum(cells[key] for key in cells if key[axis] == line)


@given(tables)
def test_a_table_without_small_counts_is_published_whole(cells: dict[tuple[str, str], int]) -> None:
    large = {key: count * K for key, count in cells.items()}
    assert suppress(large, K) == large


def test_the_smallest_neighbour_is_hidden_with_it() -> None:
    row = {("11月", "泸水市"): 3, ("11月", "贡山县"): 40, ("11月", "福贡县"): 20}
    assert suppress(row, K) == {("11月", "泸水市"): None, ("11月", "贡山县"): 40, ("11月", "福贡县"): None}
