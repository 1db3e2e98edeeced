"""Batches, their loss, and steps of a tiny network on a real bank."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from models.anatomy.randomness import Randomness
from models.training.axial import MIRRORED, draw_axial
from models.training.bank import RECIPES, Task, scans
from models.training.batch import Batch, Scan, Teaching, segmentation_loss, vote_loss
from models.training.sagittal import draw_sagittal
from models.training.segmentation import TEACHINGS
from models.training.trainer import Trainer
from models.training.volumes import draw_ct
from models.unet import UNet

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def banks(tmp_path_factory: pytest.TempPathFactory) -> dict[Task, list[Scan]]:
    """One scan of one coarse person for each network."""
    folder = tmp_path_factory.mktemp("banks")
    loaded = {}
    for task, recipe in RECIPES.items():
        scan = next(scans(replace(recipe, spacing=6.0), 5))
        np.savez(folder / scan.name, **scan.arrays)
        loaded[task] = [TEACHINGS[task].load(folder / scan.name)]
    return loaded


@pytest.mark.parametrize(
    ("task", "classes", "shape"),
    [("sagittal", 8, (8, 3, 128, 176)), ("axial", 11, (8, 5, 160, 128))],
)
def test_batches_of_slices(task: Task, classes: int, shape: tuple[int, ...], banks) -> None:
    batch = TEACHINGS[task].draw(Randomness(3), banks[task])
    assert batch.images.shape == shape
    assert batch.classes.shape == (shape[0], *shape[2:])
    assert batch.classes.dtype == torch.int64
    assert 0 <= int(batch.classes.min()) < int(batch.classes.max()) < classes
    assert torch.isfinite(batch.images).all()
    assert batch.votes is None


def test_the_cortex_of_bodies_is_background_on_sagittal_slices(banks) -> None:
    assert int(banks["sagittal"][0].labels.max()) == 7  # the L5-S1 disc


def test_mirrored_classes_exchange_the_sides() -> None:
    assert torch.equal(MIRRORED[MIRRORED], torch.arange(11))
    assert [i for i in range(11) if MIRRORED[i] == i] == [0, 9, 10]


def test_ct_votes_point_to_one_centre_per_vertebra(banks) -> None:
    for seed in range(5):
        batch = draw_ct(Randomness(seed), banks["ct"], side=24)
        assert batch.images.shape[1:4] == (1, 24, 24)
        assert batch.images.min() >= -1
        assert batch.votes is not None
        assert batch.voters is not None
        places = torch.stack(
            torch.meshgrid(*[torch.arange(n).float() for n in batch.classes.shape[1:]], indexing="ij")
        )
        targets = (batch.votes * 10 + places).movedim(1, -1)[batch.voters]
        assert len(targets.round(decimals=2).unique(dim=0)) <= 7 * len(batch.images)
        assert ((batch.classes == 1) | (batch.classes == 2))[batch.voters].all()


def test_the_same_seed_draws_the_same_batch(banks) -> None:
    for task, teaching in TEACHINGS.items():
        one, other = (teaching.draw(Randomness(8), banks[task]) for _ in range(2))
        assert torch.equal(one.images, other.images)
        assert torch.equal(one.classes, other.classes)


def test_class_loss_is_cross_entropy_and_dice_of_the_foreground() -> None:
    torch.manual_seed(0)
    logits, classes = torch.randn(2, 4, 6, 5), torch.randint(0, 4, (2, 6, 5))
    p, h = logits.softmax(1), functional.one_hot(classes, 4).movedim(-1, 1).float()
    axes = (0, 2, 3)
    dice = (2 * (p * h).sum(axes) + 1) / ((p + h).sum(axes) + 1)
    expected = functional.cross_entropy(logits, classes) + 1 - dice[1:].mean()
    found = segmentation_loss(logits, Batch(logits, classes))
    assert float(found) == pytest.approx(float(expected), rel=1e-5)


def test_vote_loss() -> None:
    truth = torch.zeros(2, 3, 2, 2, 2)
    voters = torch.zeros(2, 2, 2, 2, dtype=torch.bool)
    assert float(vote_loss(truth + 5, truth, voters)) == 0
    voters[0, 0, 0, 0] = True
    assert float(vote_loss(truth + 5, truth, voters)) == 2.5  # 5 in one patch of two


def _tiny(task: Task) -> Trainer:
    torch.manual_seed(1)
    if task == "ct":
        network = UNet(1, 9, (4, 8), 3)
        draw: Callable[..., Batch] = partial(draw_ct, side=16)
    elif task == "sagittal":
        network, draw = UNet(3, 8, (4, 8), 2), partial(draw_sagittal, patch=(48, 64))
    else:
        network, draw = UNet(5, 11, (4, 8), 2), partial(draw_axial, patch=(48, 48))
    return Trainer(task, network, Teaching(TEACHINGS[task].load, draw), seed=2, device=CPU)


@pytest.mark.parametrize("task", ["sagittal", "ct", "axial"])
def test_a_tiny_network_learns(task: Task, banks) -> None:
    trainer = _tiny(task)
    losses = [trainer.step(banks[task], 0.2) for _ in range(40)]
    assert np.mean(losses[-8:]) < 0.95 * np.mean(losses[:8])
    assert trainer.step_count == 40


def test_training_put_away_and_resumed_is_training_in_one_go(banks, tmp_path: Path) -> None:
    whole = _tiny("sagittal")
    for n in range(4):
        whole.step(banks["sagittal"], n / 4)
    first = _tiny("sagittal")
    for n in range(2):
        first.step(banks["sagittal"], n / 4)
    first.elapsed_s = 12.5
    first.save(tmp_path / "state.pt")
    second = _tiny("sagittal")
    second.resume(tmp_path / "state.pt")
    assert (second.step_count, second.elapsed_s) == (2, 12.5)
    for n in range(2, 4):
        second.step(banks["sagittal"], n / 4)
    assert second.learning_rate == whole.learning_rate
    for key, value in whole.network.state_dict().items():
        assert torch.equal(value, second.network.state_dict()[key]), key
        assert torch.equal(whole.average[key], second.average[key]), key


def _refusal(trainer: Trainer, path: Path) -> str:
    with pytest.raises(ValueError, match="remove it or train in another folder") as caught:
        trainer.resume(path)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"{path} ")
    return str(caught.value)


def test_a_damaged_state_is_refused(tmp_path: Path) -> None:
    trainer, path = _tiny("sagittal"), tmp_path / "state.pt"
    trainer.save(path)
    whole = path.read_bytes()
    for content in (whole[: len(whole) // 2], b"", b"hello", whole[:400] + bytes(300) + whole[700:]):
        path.write_bytes(content)
        assert "damaged" in _refusal(trainer, path)
    for other in ({"network": {}}, [1, 2]):
        torch.save(other, path)
        assert "damaged" in _refusal(trainer, path)


def test_the_state_of_another_network_is_refused(tmp_path: Path) -> None:
    _tiny("sagittal").save(tmp_path / "state.pt")
    assert "another network, 'sagittal'" in _refusal(_tiny("axial"), tmp_path / "state.pt")
    wider = Trainer("sagittal", UNet(3, 8, (8, 16), 2), TEACHINGS["sagittal"], seed=2, device=CPU)
    assert "another network, of other layers" in _refusal(wider, tmp_path / "state.pt")


def test_a_state_goes_on_with_its_own_seed_only(tmp_path: Path) -> None:
    _tiny("sagittal").save(tmp_path / "state.pt")
    other = Trainer("sagittal", UNet(3, 8, (4, 8), 2), TEACHINGS["sagittal"], seed=3, device=CPU)
    assert "begun with seed 2, not 3" in _refusal(other, tmp_path / "state.pt")


def test_learning_rate_warms_up_and_falls(banks) -> None:
    trainer = _tiny("axial")
    trainer.step(banks["axial"], 0.0)
    assert trainer.learning_rate == pytest.approx(3e-3 / 30)
    trainer.step_count = 100
    trainer.step(banks["axial"], 1.0)
    assert trainer.learning_rate == pytest.approx(3e-3 * 0.02)
