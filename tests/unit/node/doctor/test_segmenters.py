"""The doctor tries every segmenter that is chosen."""

from pathlib import Path
from typing import Any

import pytest
import torch
from phantoms.bundles import write_bundle
from phantoms.nnunet import write_trained

from node.doctor import Check
from node.doctor.segmenters import segmenters
from node.settings import parse


def checked(**segmentation: Any) -> list[Check]:
    settings = parse({"segmentation": segmentation, "worker": {"device": "cpu"}}, "test")
    return list(segmenters(settings))


def test_the_shipped_networks_are_fine() -> None:
    assert [check.verdict for check in checked()] == ["ok"]


def test_segmenters_that_run(tmp_path: Path) -> None:
    bundle = {"backend": "monai-bundle", "path": str(write_bundle(tmp_path / "b"))}
    total = {"backend": "totalsegmentator", "path": str(write_trained(tmp_path, patch_size=[44, 64, 64]))}
    found = checked(mr_sag_t2=bundle, ct=total)
    assert [(check.name, check.verdict) for check in found] == [
        ("segmentation.ct", "ok"),
        ("segmentation.mr_sag_t2", "ok"),
    ]
    assert "TotalSegmentator total Dataset292" in found[0].text
    assert "nearest 3, sha256" in found[1].text


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ("none", "segmentation.ct: no segmenter is called 'none'"),
        ({"backend": "monai-bundle", "path": "/none"}, "/none is no folder"),
        ({"backend": "shipped", "path": "/none"}, "unknown option path"),
    ],
)
def test_what_is_wrong_says_what_to_do(choice: Any, said: str) -> None:
    (check,) = checked(ct=choice)
    assert (check.verdict, bool(check.advice)) == ("failed", True)
    assert said in check.text


def test_damaged_weights_and_wrong_channels_show_before_the_first_study(tmp_path: Path) -> None:
    damaged = write_bundle(tmp_path / "damaged")
    (damaged / "models/model.pt").write_bytes(b"damaged")
    colour = write_bundle(tmp_path / "colour")
    torch.save({"weight": torch.zeros(4, 3, 1, 1, 1), "bias": torch.zeros(4)}, colour / "models/model.pt")
    config = colour / "configs/inference.json"
    config.write_text(config.read_text().replace('"in_channels": 1', '"in_channels": 3'))
    found = checked(
        mr_sag_t1={"backend": "monai-bundle", "path": str(damaged)},
        mr_sag_t2={"backend": "monai-bundle", "path": str(colour)},
    )
    assert [check.verdict for check in found] == ["failed", "failed"]
    assert "model.pt: cannot be read as weights" in found[0].text
    assert "broke down: " in found[1].text
    assert "3 channels" in found[1].text
