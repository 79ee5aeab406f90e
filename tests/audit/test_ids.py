"""Public ids: never twice, and sorted by birth."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from audit.ids import PREFIXES, PUBLIC_ID_LENGTH, new_id


def made(count):
    return [new_id("pay") for _ in range(count)]


def test_ids_of_one_process_rise():
    ids = made(10_000)

    assert ids == sorted(ids)
    assert len(set(ids)) == 10_000


def test_ids_of_many_processes_are_all_different():
    with ProcessPoolExecutor(4, mp_context=get_context("fork")) as pool:
        ids = [one for batch in pool.map(made, [20_000] * 8) for one in batch]

    assert len(set(ids)) == 160_000


@pytest.mark.parametrize("prefix", sorted(PREFIXES))
def test_every_id_says_what_it_names_and_fits_its_column(prefix):
    public_id = new_id(prefix)

    assert public_id.startswith(f"{prefix}_")
    assert len(public_id) == PUBLIC_ID_LENGTH


def test_a_prefix_that_nobody_registered_is_refused():
    with pytest.raises(KeyError):
        new_id("xyz")
