"""The verdict on an encoder, and where it is written."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from models.manifest import open_model
from models.training.bank import write_scans
from models.training.cube_bank import CUBES
from models.training.judged import is_better, judge_backbone
from models.vit import initialised, write

SMALL = {"side": 32, "patch": 16, "hidden": 24, "mlp": 48, "layers": 1, "heads": 2}
ABOUT = dict.fromkeys(("name", "version", "license", "intended_use", "training_data"), "x") | {"metrics": {}}
FIVE = range(2, 7)


def _found(mean: float, *highs: float) -> dict[str, Any]:
    return {"mean_difference": {"low": mean}, "rows": [{"difference": {"high": high}} for high in highs]}


def test_better_is_better_on_the_whole_and_worse_nowhere() -> None:
    assert is_better(_found(0.01, 0.2, 0.1))
    assert not is_better(_found(-0.01, 0.2, 0.1))
    assert not is_better(_found(0.01, 0.2, -0.1))


def test_figures_come_into_manifest_and_card(tmp_path: Path) -> None:
    write_scans(replace(CUBES, spacing=8.0), tmp_path / "probe", FIVE)
    write(initialised(1, SMALL), tmp_path / "vit", SMALL, ABOUT)
    said: list[str] = []
    manifest, _ = judge_backbone(tmp_path / "vit", tmp_path, FIVE, progress=said.append, draws=20)
    _, kept = open_model("vit", tmp_path)
    assert kept == manifest
    assert len(kept.metrics["probe"]["rows"]) == 3  # fractures are too rare among five
    assert "on 5 generated people whom it has not seen (seeds 2 to 6)" in kept.metrics["probe"]["method"]
    assert "| disc degeneration, sagittal T2 | R2 |" in (tmp_path / "vit" / "MODEL_CARD.md").read_text()


def test_too_few_people(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="5 people at least, not 4"):
        judge_backbone(tmp_path, tmp_path, range(4))
