"""A generated patient on CT: whole vertebrae, their levels, and how sure the networks are."""

from collections.abc import Callable

import numpy as np
import pytest

from models.anatomy import Acquisition, Contrast, acquire, generate, render
from pipelines.errors import SegmentationError
from pipelines.features.morphometry import measure
from pipelines.segmentation.ct import segment_ct
from pipelines.types import Role, Segmentation, SourceSeries, Volume

SEED = 900007  # no network was trained on it
SPACING = (1.5, 1.5, 2.5)  # mm
LEVELS = ("L5", "L4", "L3", "L2", "L1")  # instances 1 to 5
AT_3_MM = 0.9  # Dice; the coarse network alone reached .83 to .90 on this patient
SERIES = SourceSeries("1.2.3", "1.2.3.4", "CT", (), ())

Cut = Callable[[slice], tuple[Volume, np.ndarray]]


@pytest.fixture(scope="module")
def patient() -> Cut:
    """Give the patient's scan between two slices, and the true structures there (slice, row, column)."""
    anatomy = generate(SEED, ((-75, 75), (-90, 110), (-190, 120)), 1.5)
    image, (instances,) = acquire(
        anatomy, render(anatomy, Contrast.CT), Contrast.CT, Acquisition(SPACING), [anatomy.instances]
    )
    voxels, truth = (part.numpy().transpose(2, 1, 0) for part in (image, instances))

    def cut(slices: slice) -> tuple[Volume, np.ndarray]:
        affine = np.zeros((4, 4))
        affine[[2, 1, 0, 3], [0, 1, 2, 3]] = (*SPACING[::-1], 1)
        part = np.ascontiguousarray(voxels[slices])
        return Volume(part, affine, tuple(range(len(part))), Role.CT, SERIES), truth[slices]

    return cut


@pytest.fixture(scope="module")
def whole(patient: Cut) -> tuple[Segmentation, np.ndarray]:
    volume, truth = patient(slice(None))
    return segment_ct(volume, "cpu"), truth


def test_vertebrae_are_drawn_finer_than_at_3_mm(whole: tuple[Segmentation, np.ndarray]) -> None:
    found, truth = whole
    values = {name: value for value, name in found.structures.items()}
    for number, level in enumerate(LEVELS, start=1):
        mask, true = found.labels == values[f"{level} vertebra"], truth == number
        assert 2 * (mask & true).sum() / (mask.sum() + true.sum()) > AT_3_MM, level


def test_every_structure_has_a_confidence(whole: tuple[Segmentation, np.ndarray]) -> None:
    found, _ = whole
    assert found.levels_determined
    assert set(found.confidence) == set(found.structures.values())
    assert all(0.5 < value <= 1 for value in found.confidence.values())
    assert found.confidence["L3 vertebra"] > 0.85


def test_without_a_sacrum_vertebrae_are_counted_and_not_named(patient: Cut) -> None:
    _, everything = patient(slice(None))
    above_l5 = int(np.argwhere(everything == 2)[:, 0].min())
    volume, truth = patient(slice(above_l5, None))
    found = segment_ct(volume, "cpu")
    assert not found.levels_determined
    assert all("vertebra" not in name or "not determined" in name for name in found.structures.values())
    assert volume.voxels.shape == truth.shape == found.labels.shape


@pytest.mark.parametrize("above", [2, 5])  # slices: the centre of the body is outside, and just inside
def test_a_vertebra_cut_by_the_edge_is_drawn_and_marked(patient: Cut, above: int) -> None:
    _, everything = patient(slice(None))
    centre = int(np.median(np.argwhere(everything == 5)[:, 0]))  # below that of the body: processes hang down
    volume, truth = patient(slice(0, centre + above))
    found = segment_ct(volume, "cpu")
    assert found.levels_determined
    values = {name: value for value, name in found.structures.items()}
    assert "L1 vertebra" not in values
    mask, true = found.labels == values["L1 vertebra (incomplete)"], truth == 5
    assert 2 * (mask & true).sum() / (mask.sum() + true.sum()) > 0.75
    assert [finding.code for finding in found.warnings] == ["CUT_STRUCTURE"]
    assert {one.structure for one in measure(found)}.isdisjoint({"L1 vertebra (incomplete)"})


def test_a_scan_without_a_spine_is_refused(patient: Cut) -> None:
    volume, _ = patient(slice(0, 20))  # pelvis
    with pytest.raises(SegmentationError, match="fewer than two"):
        segment_ct(volume, "cpu")
