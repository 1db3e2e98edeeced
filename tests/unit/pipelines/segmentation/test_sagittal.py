"""Sagittal MR of generated people: many slices, few, one, and none of use."""

import numpy as np
import pytest

from models.anatomy import Acquisition, Anatomy, Contrast, acquire, generate, render
from models.anatomy.pathology import Pathology
from models.anatomy.tissues import FIRST_VERTEBRA, LEVELS
from pipelines.errors import SegmentationError
from pipelines.segmentation.sagittal import THOROUGH_UP_TO, segment_sagittal
from pipelines.types import Role, SourceSeries, Volume

SERIES = SourceSeries("1.2.3", "1.2.4", "MR", (), ())
LUMBAR = [f"{level} vertebral body" for level in ("L5", "L4", "L3", "L2", "L1")]


@pytest.fixture(scope="module")
def person() -> Anatomy:
    return generate(90001, ((-42, 42), (-110, 95), (-150, 150)), 2.0, pathology=Pathology())


def scan(person: Anatomy, step: float, cut: int = 0) -> tuple[Volume, np.ndarray]:
    """Scan in slices of `step` mm; leave out the lowest `cut` mm. Return the true instances too."""
    count = int(80 / step)
    grid = Acquisition((step, 2.0, 2.0), step, (2.0, 0.0, float(cut)), (count, 100, (300 - cut) // 2))
    image, (instances,) = acquire(person, render(person, Contrast.T2), Contrast.T2, grid, [person.instances])
    affine = np.diag([step, 2.0, 2.0, 1.0])
    return Volume(image.numpy(), affine, tuple(range(count)), Role.MR_SAG_T2, SERIES), instances.numpy()


@pytest.mark.parametrize("step", [5.0, 2.5])  # 16 and 32 slices
def test_bodies_lie_in_their_vertebrae(person: Anatomy, step: float) -> None:
    volume, instances = scan(person, step)
    assert (len(volume.voxels) > THOROUGH_UP_TO) == (step < 3)
    found = segment_sagittal(volume, "cpu")
    assert found.levels_determined
    values = {name: value for value, name in found.structures.items()}
    for name in LUMBAR:
        level = FIRST_VERTEBRA + LEVELS.index(name[:2])
        mask = found.labels == values[name]
        assert (instances[mask] == level).mean() > 0.9, name
        assert 0.6 < found.confidence[name] <= 1


def test_a_single_slice_is_enough_for_masks(person: Anatomy) -> None:
    volume, _ = scan(person, 5.0)
    middle = Volume(volume.voxels[8:9], volume.affine, (0,), volume.role, SERIES)
    assert "spinal canal" in segment_sagittal(middle, "cpu").structures.values()


def test_cut_above_the_sacrum_no_level_is_named(person: Anatomy) -> None:
    l4 = person.spine.vertebrae[1].centre[2] + 150  # mm above the lower edge of the field of view
    volume, _ = scan(person, 5.0, cut=int(l4))
    found = segment_sagittal(volume, "cpu")
    assert not found.levels_determined
    assert not set(LUMBAR) & set(found.structures.values())
    assert any("sacrum" in warning.text for warning in found.warnings)


@pytest.mark.parametrize("value", [0.0, 7.0, np.nan])
def test_what_holds_no_image_is_refused(value: float) -> None:
    flat = Volume(
        np.full((5, 64, 64), value, np.float32),
        np.diag([4.0, 2, 2, 1]),
        (0, 1, 2, 3, 4),
        Role.MR_SAG_T1,
        SERIES,
    )
    with pytest.raises(SegmentationError, match="hold no image"):
        segment_sagittal(flat, "cpu")


def test_noise_is_no_spine() -> None:
    noise = np.random.default_rng(1).random((5, 64, 64)).astype(np.float32)
    volume = Volume(noise, np.diag([4.0, 2, 2, 1]), (0, 1, 2, 3, 4), Role.MR_SAG_T2, SERIES)
    with pytest.raises(SegmentationError, match="not a sagittal lumbar spine"):
        segment_sagittal(volume, "cpu")
