"""The masked autoencoder: what it may look at, and that it learns."""

from pathlib import Path

import numpy as np
import pytest
import torch

from models.training.backbone import Pretraining
from models.training.cube_set import Crop
from models.training.masked import MaskedAutoencoder, sines
from models.vit import FeatureViT, initialised

SMALL = {"side": 32, "patch": 8, "hidden": 24, "mlp": 48, "layers": 2, "heads": 2}
CPU = torch.device("cpu")


def _crops(count: int = 6) -> list[Crop]:
    random = np.random.default_rng(0)
    ramps = [random.normal(0, 0.2, (6, 12, 12)) + np.linspace(-2, 2, 12) for _ in range(count)]
    return [Crop(str(i), "ct", "L1", torch.tensor(r).half(), {}) for i, r in enumerate(ramps)]


def test_shown_tokens_of_all_patches_are_the_networks_own() -> None:
    network: FeatureViT = initialised(1, SMALL)
    cubes = torch.randn(2, 1, 32, 32, 32, generator=torch.Generator().manual_seed(1))
    every = torch.arange(64).expand(2, -1)
    assert torch.allclose(network.shown_tokens(cubes, every), network.backbone(cubes)[0], atol=1e-5)


def test_the_loss_depends_on_shown_and_guessed_patches_alone() -> None:
    network = MaskedAutoencoder(initialised(1, SMALL)).eval()
    cubes = torch.randn(1, 1, 32, 32, 32, generator=torch.Generator().manual_seed(1), requires_grad=True)
    noise = torch.arange(64.0)[None]  # shows patches 0 to 15, guesses 16 to 31
    network(cubes, noise).backward()
    assert cubes.grad is not None
    touched = cubes.grad.abs().reshape(4, 8, 4, 8, 4, 8).sum((1, 3, 5)).flatten() > 0
    assert touched.tolist() == [True] * 32 + [False] * 32


def test_places_differ_and_do_not_depend_on_the_axis_length() -> None:
    places = sines(4, 24)
    assert places.shape == (1, 64, 24)
    assert len(places[0].unique(dim=0)) == 64


def test_it_learns() -> None:
    learner = Pretraining(initialised(2, SMALL), 0, CPU, batch=2)
    losses = [learner.step(_crops(), 0.2) for _ in range(50)]
    assert np.mean(losses[-10:]) < 0.9 * np.mean(losses[:10])
    taught, untaught = learner.taught(), initialised(2, SMALL)
    assert not torch.equal(taught.backbone.norm.weight, untaught.backbone.norm.weight)


def test_put_away_and_resumed_is_training_in_one_go(tmp_path: Path) -> None:
    def make() -> Pretraining:
        return Pretraining(initialised(2, SMALL), 3, CPU, batch=2)

    whole, first, second = make(), make(), make()
    for number in range(4):
        whole.step(_crops(), number / 4)
    for number in range(2):
        first.step(_crops(), number / 4)
    first.save(tmp_path / "state.pt")
    second.resume(tmp_path / "state.pt")
    for number in range(2, 4):
        second.step(_crops(), number / 4)
    for key, value in whole.average.items():
        assert torch.equal(value, second.average[key]), key
    with pytest.raises(ValueError, match="begun with seed 3, not 4"):
        Pretraining(initialised(2, SMALL), 4, CPU).resume(tmp_path / "state.pt")
