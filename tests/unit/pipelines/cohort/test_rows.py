from pathlib import Path

from pipelines.cohort.rows import CaseRow, Remark, read_row, row_key, write_row

ROW = CaseRow(
    {"ct.a": 1.5},
    {"scanner.ct": "A|B|120"},
    {"age": 61.0},
    {"ct": "n 1 d"},
    {"hu@1": "d"},
    (Remark("ct", "C", "t"),),
)


def test_a_row_comes_back(tmp_path: Path) -> None:
    write_row(tmp_path / "d", "k", ROW)
    assert read_row(tmp_path / "d", "k") == ROW
    assert [path.name for path in (tmp_path / "d").iterdir()] == ["k.json"]


def test_a_damaged_row_is_none(tmp_path: Path) -> None:
    write_row(tmp_path, "k", ROW)
    path = tmp_path / "k.json"
    for text in (path.read_text()[:-10], "[]", "{}", '{"remarks": []}'):
        path.write_text(text)
        assert read_row(tmp_path, "k") is None
    assert read_row(tmp_path, "other") is None


def test_the_key_is_of_bytes_and_models_not_of_names(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_bytes(b"1")
    second.write_bytes(b"2")
    key = row_key([first, second], ["model"])
    assert key == row_key([second, first], ["model"])
    assert key != row_key([first, second], ["another"])
    second.write_bytes(b"3")
    assert key != row_key([first, second], ["model"])
