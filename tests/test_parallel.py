"""Tasks over many records: every one gives an outcome, whatever becomes of the process that had it."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from eqc import parallel, processes
from eqc.errors import EqcError, NotationError, Span


def measure(record_id: str, catalog: object) -> int:
    if record_id == "bad":
        raise NotationError(Span("bad.yaml", 1, 2), written="?", rule="it fails", remedy="mend it")
    if record_id == "dies":
        os._exit(3)
    if record_id == "hangs":
        time.sleep(1000)
    return os.getpid()


def errors_of(outcomes: Iterable[parallel.Outcome[Any]]) -> dict[str, EqcError]:
    return {one.id: one.error for one in outcomes if one.error is not None}


def test_a_pool_gives_every_outcome_with_its_error(tmp_path: Path) -> None:
    ids = ["a", "b", "bad", "c", "d"]
    outcomes = {one.id: one for one in parallel.over_records(measure, tmp_path, ids, jobs=2, few=1)}
    assert str(outcomes["bad"].error).startswith("bad.yaml:1:2: it fails")
    assert os.getpid() not in {one.value for one in outcomes.values()}
    assert all(isinstance(outcomes[name].value, int) for name in "abcd")


def test_a_worker_that_dies_is_an_error_and_the_others_go_on(tmp_path: Path) -> None:
    ids = ["dies", "b", "c", "d", "e"]
    errors = errors_of(parallel.over_records(measure, tmp_path, ids, jobs=2, few=1))
    assert list(errors) == ["dies"]
    assert "a worker process ended" in errors["dies"].rule


def test_a_worker_that_hangs_is_ended_and_the_others_go_on(tmp_path: Path) -> None:
    errors = errors_of(parallel.over_records(measure, tmp_path, ["b", "hangs", "c", "d"], few=1, limit=3))
    assert list(errors) == ["hangs"]
    assert "given up after 3 seconds" in errors["hangs"].rule


def dies(item: str) -> bytes:
    os._exit(3)


def test_where_no_process_can_work_it_is_not_tried_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    started = []

    class Counted(processes._Worker):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given)
            started.append(self)

    monkeypatch.setattr(processes, "_Worker", Counted)
    items = [str(n) for n in range(300)]
    assert sorted(processes.results(dies, items, 2)) == sorted((item, processes.Lost(late=False)) for item in items)
    assert len(started) <= processes.DEATHS + 2


def own_number(item: str) -> bytes:
    return str(os.getpid()).encode()


def test_processes_are_replaced_after_so_many_turns() -> None:
    found = Counter(result for _, result in processes.results(own_number, "abcde", 1, turns=2))
    assert sorted(found.values()) == [1, 2, 2]


def generates(record_id: str, catalog: object) -> object:
    return (letter for letter in record_id)


def test_what_cannot_be_sent_is_an_error(tmp_path: Path) -> None:
    errors = errors_of(parallel.over_records(generates, tmp_path, ["a", "b"], jobs=2, few=1))
    assert {name: type(error) for name, error in errors.items()} == dict.fromkeys("ab", parallel.InternalError)


def test_few_records_need_no_pool(tmp_path: Path) -> None:
    outcomes = list(parallel.over_records(measure, tmp_path, ["a", "b", "c"], jobs=2))
    assert {one.value for one in outcomes} == {os.getpid()}
