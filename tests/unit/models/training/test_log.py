"""The log of a training, and what is cut from it when steps are taken again."""

from pathlib import Path

from models.training.log import Report, add_row, cut_after


def test_rows_are_added_and_cut(tmp_path: Path) -> None:
    log = tmp_path / "training.csv"
    cut_after(log, 0)
    assert not log.exists()
    for step in (50, 100, 150):
        add_row(log, Report(step, 1.5, 0.25, 0.003))
    assert log.read_bytes() == (
        b"step,elapsed_s,loss,learning_rate\r\n50,1.5,0.25,0.003\r\n100,1.5,0.25,0.003\r\n"
        b"150,1.5,0.25,0.003\r\n"
    )
    cut_after(log, 100)
    assert log.read_bytes().splitlines()[-1] == b"100,1.5,0.25,0.003"
    cut_after(log, 0)
    assert log.read_bytes() == b"step,elapsed_s,loss,learning_rate\r\n"
    add_row(log, Report(50, 1.5, 0.5, 0.003))
    assert log.read_bytes().count(b"\r\n") == 2
