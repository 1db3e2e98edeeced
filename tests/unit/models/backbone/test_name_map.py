"""Maps of names, and what is wrong with them."""

from pathlib import Path

import pytest

from models.backbone.name_map import NameMap, read_map
from models.backbone.reading import WeightsError


def test_a_map(tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    path.write_text("grid = [6, 6, 4]\n[names]\n'^stack\\.' = 'blocks.'\n")
    assert read_map(path) == NameMap((("^stack\\.", "blocks."),), (6, 6, 4))
    path.write_text("")
    assert read_map(path) == NameMap()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[names", "no TOML file"),
        ("[name]\na = 'b'", "name is not understood"),
        ("[names]\n'(' = 'b'", "no regular expression"),
        ("[names]\na = 3", "must be lines such as"),
        ("grid = [6, 6.5]", "grid must be"),
        ("grid = 6", "grid must be"),
    ],
)
def test_maps_that_are_wrong(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "map.toml"
    path.write_text(text)
    with pytest.raises(WeightsError, match=message):
        read_map(path)
