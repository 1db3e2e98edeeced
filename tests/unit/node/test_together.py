import pytest

from node.together import Together


class Noted:
    def __init__(self, name: str, notes: list[str], fails: bool = False) -> None:
        self.name, self.notes, self.fails = name, notes, fails

    def start(self) -> None:
        if self.fails:
            raise RuntimeError(self.name)
        self.notes.append(f"start {self.name}")

    def stop(self) -> None:
        self.notes.append(f"stop {self.name}")


def test_parts_stop_in_the_opposite_order() -> None:
    notes: list[str] = []
    together = Together(Noted("a", notes), Noted("b", notes))
    together.start()
    together.stop()
    assert notes == ["start a", "start b", "stop b", "stop a"]


def test_where_one_fails_those_before_it_are_stopped() -> None:
    notes: list[str] = []
    together = Together(Noted("a", notes), Noted("b", notes, fails=True))
    with pytest.raises(RuntimeError, match="b"):
        together.start()
    together.stop()
    assert notes == ["start a", "stop b", "stop a"]
