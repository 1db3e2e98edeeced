"""A worker process at its limits: really spawned, really killed."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from node.worker.messages import Done, Failure, Order, Progress
from node.worker.process import Limits, WarmProcess, Watch, resident_bytes

GIB = 1 << 30


class Stop(Exception):
    """Raised by a test's watch."""


@pytest.fixture
def warm() -> Iterator[Callable[..., WarmProcess]]:
    """Make a process that runs one of the analyses."""
    with ExitStack() as stack:

        def make(name: str, seconds: float = 60, memory: int = 4 * GIB) -> WarmProcess:
            process = WarmProcess(f"workers.analyses:{name}", Limits(seconds, memory))
            stack.callback(process.stop)
            process.start()
            return process

        yield make


@pytest.fixture
def order(tmp_path: Path, ct_file: Path) -> Order:
    return Order(
        files=(ct_file,),
        out_dir=tmp_path / "out",
        clock=datetime(2026, 3, 1, tzinfo=UTC),
        completing_study_uid="1.2.3",
        header=ct_file,
        clinical_dir=None,
        cache_dir=tmp_path / "cache",
        title_mode="readable",
        with_pdf=False,
        with_overlay=False,
        device="cpu",
    )


def ignore(_progress: Progress | None) -> None:
    pass


def stop_at_first_progress(progress: Progress | None) -> None:
    if progress:
        raise Stop


def test_it_stays_warm_from_one_analysis_to_the_next(warm: Callable[..., WarmProcess], order: Order) -> None:
    process, seen = warm("report"), []
    first = process.run(order, seen.append)
    pid = process.pid
    assert isinstance(first, Done)
    assert first.applicable
    assert [made.kind for made in first.made] == ["measurement_sr", "risk_sr"]
    assert [p.stage for p in seen if p] == ["reading", "done"]
    assert process.run(order, ignore) == first
    assert process.pid == pid


def test_its_own_errors_leave_it_warm(warm: Callable[..., WarmProcess], order: Order) -> None:
    process = warm("refuse")
    assert process.run(order, ignore) == Failure(
        "NOT_A_SPINE", "the files show no spine; send others", permanent=True
    )
    pid = process.pid
    process.run(order, ignore)
    assert process.pid == pid


def test_a_bug_is_located_without_quoting_it(warm: Callable[..., WarmProcess], order: Order) -> None:
    failure = warm("stumble").run(order, ignore)
    assert isinstance(failure, Failure)
    assert not failure.permanent
    assert "KeyError in stumble (analyses.py:" in failure.text
    assert "DOE" not in str(failure)


@pytest.mark.parametrize(
    ("name", "limits", "code"),
    [
        ("crash", {}, "WORKER_DIED"),
        ("hang", {"seconds": 0.5}, "TIME_LIMIT"),
        ("devour", {"memory": GIB // 2}, "MEMORY_LIMIT"),
        ("nonsense", {}, "WORKER_DIED"),
    ],
)
def test_what_breaks_a_limit_is_ended_and_replaced(
    warm: Callable[..., WarmProcess], order: Order, name: str, limits: dict[str, float], code: str
) -> None:
    process = warm(name, **limits)
    before = process.pid
    failure = process.run(order, ignore)
    assert isinstance(failure, Failure)
    assert (failure.code, failure.permanent) == (code, False)
    assert process.pid not in {0, before}
    assert resident_bytes(before) == 0


@pytest.mark.parametrize("watch", [stop_at_first_progress])
def test_the_watch_ends_an_analysis(warm: Callable[..., WarmProcess], order: Order, watch: Watch) -> None:
    process = warm("hang")
    before = process.pid
    with pytest.raises(Stop):
        process.run(order, watch)
    assert process.pid == 0
    assert resident_bytes(before) == 0


def test_clinical_variables_are_read_where_they_are_needed(
    warm: Callable[..., WarmProcess], order: Order, tmp_path: Path
) -> None:
    from dataclasses import replace

    (tmp_path / "P1.json").write_text('{"age": 61}')
    done = warm("report").run(replace(order, clinical_dir=tmp_path), ignore)
    assert isinstance(done, Done)
    assert done.summary["clinical"] == {"age": 61}
