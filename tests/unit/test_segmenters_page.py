"""What docs/segmenters.md shows is right."""

import json
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest
from phantoms.bundles import volume_of

from node.settings import parse
from pipelines.segmentation.backends.label_map import read_label_map
from pipelines.segmentation.backends.totalsegmentator import TASKS
from pipelines.segmentation.segmenter import GROUP, choices_from
from pipelines.types import Role

PAGE = (Path(__file__).parents[2] / "docs" / "segmenters.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_the_settings() -> None:
    settings = parse(tomllib.loads(blocks("toml")[0]), "docs")
    chosen = choices_from(settings.segmentation.chosen)
    assert {choice.backend for choice in chosen.values()} == {"totalsegmentator", "monai-bundle"}


@pytest.mark.parametrize("name", [*Role, *TASKS, GROUP])
def test_every_name_is_there(name: str) -> None:
    assert name in PAGE


def test_the_label_map(tmp_path: Path) -> None:
    path = tmp_path / "label_map.json"
    path.write_text(blocks("json")[0])
    assert json.loads(path.read_text())["channels"] == 9
    known = {**{k: str(k) for k in range(9)}, 6: "vertebrae_L4"}
    assert set(read_label_map(path, known).structures) == {1, 6, 7}


def test_the_example_of_a_segmenter() -> None:
    names: dict[str, type] = {}
    exec(blocks("python")[0], names)
    segmenter = names["Threshold"](Role.CT, {"hu": 300})
    voxels = np.zeros((4, 5, 6))
    voxels[1, 2, 3] = 400
    found = segmenter.segment(volume_of(voxels, role=Role.CT))
    assert (int(found.labels.sum()), len(found.model.digest)) == (1, 64)
