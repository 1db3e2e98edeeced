"""One process per role and data folder."""

from pathlib import Path

import pytest

from node.errors import ConfigurationError
from node.seat import Seat


def test_a_seat_is_taken_once_and_given_back(tmp_path: Path) -> None:
    seat, again = Seat(tmp_path, "worker"), Seat(tmp_path, "worker")
    others = [Seat(tmp_path, "delivery"), Seat(tmp_path / "other", "worker")]
    for free in (seat, *others):
        free.take()
    with pytest.raises(ConfigurationError, match=r"another process is worker of .*data_dir of its own"):
        again.take()
    seat.leave()
    again.take()
    for taken in (again, *others):
        taken.leave()


def test_the_holder_is_the_same_after_a_restart_and_fits_its_column(tmp_path: Path) -> None:
    assert Seat(tmp_path, "worker").holder == Seat(tmp_path, "worker").holder
    assert Seat(tmp_path, "worker").holder != Seat(tmp_path / "x", "worker").holder
    assert len(Seat(tmp_path, "dispatcher").holder) <= 60
    Seat(tmp_path, "worker").leave()
