"""Linear probes: out of fold over people, the same draws for both encoders."""

import numpy as np
import pytest
import torch

from models.manifest import Manifest
from models.training.cube_set import Crop
from models.training.probe import TARGETS, compare, features
from models.vit import Encoder, initialised

SMALL = {"side": 32, "patch": 16, "hidden": 24, "mlp": 48, "layers": 1, "heads": 2}
STRUCTURES = {"mr_sag_t2": "L4-L5 disc", "mr_axial_t2": "left multifidus", "ct": "L1 vertebra"}


def _encoder(seed: int) -> Encoder:
    about = Manifest("x", "1", {}, "x", "x", "x", {}, SMALL)
    return Encoder(initialised(seed, SMALL), about, torch.device("cpu"))


@pytest.fixture(scope="module")
def crops() -> list[Crop]:
    """Forty people whose structures rise from side to side as steeply as the truth says, among noise."""
    random, found = np.random.default_rng(1), []
    for person in range(40):
        for role, name in (*STRUCTURES.items(), ("mr_sag_t1", "L3 vertebral body")):
            truth = float(random.uniform())
            ramp = truth * np.linspace(-2, 2, 8) + random.normal(0, 0.5, (4, 8, 8))
            key = next(target.truth for target in TARGETS if target.role == role)
            known = {key: float(truth > 0.5) if key == "fractured" else truth}
            found.append(Crop(str(person), role, name, torch.tensor(ramp).half(), known))
    return found


def test_what_is_in_the_features_is_found(crops: list[Crop]) -> None:
    found = compare({"random": _encoder(1), "trained": _encoder(2)}, crops, 60)
    assert [row["n"] for row in found["rows"]] == [40] * 4
    for row in found["rows"]:
        for name in ("random", "trained"):
            assert row[name]["low"] < row[name]["value"] < row[name]["high"] <= 1
        assert row["difference"]["value"] == pytest.approx(
            row["trained"]["value"] - row["random"]["value"], abs=1e-3
        )
    assert found["rows"][0]["random"]["value"] > 0.3
    assert found["rows"][3]["random"]["value"] > 0.7


def test_an_encoder_is_no_better_than_itself(crops: list[Crop]) -> None:
    found = compare({"random": _encoder(1), "trained": _encoder(1)}, crops, 20)
    assert found["mean_difference"] == {"value": 0, "low": 0, "high": 0}


def test_truth_that_is_not_in_the_structure_is_not_found(crops: list[Crop]) -> None:
    random = np.random.default_rng(3)
    strangers = [
        Crop(c.person, c.role, c.structure, c.values, {key: float(random.uniform() > 0.5) for key in c.truth})
        for c in crops
    ]
    found = compare({"random": _encoder(1), "trained": _encoder(2)}, strangers, 60)
    assert all(row["random"]["value"] < 0.1 for row in found["rows"][:3])
    assert found["rows"][3]["random"]["low"] < 0.5


def test_features_do_not_depend_on_the_batch(crops: list[Crop]) -> None:
    encoder = _encoder(1)
    together, alone = features(encoder, crops[:6]), features(encoder, crops[5:6])
    assert np.allclose(together[5], alone[0], atol=1e-5)
