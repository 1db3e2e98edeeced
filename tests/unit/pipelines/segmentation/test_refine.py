"""Crops around bodies, and what comes back from them."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from pipelines.segmentation.network import Network
from pipelines.segmentation.orientation import Oriented, orient
from pipelines.segmentation.refine import refine
from pipelines.types import ModelIdentity

SETTINGS = {
    "step_mm": 1.5,
    "crop": [16, 16, 16],
    "behind_mm": [0.0, 3.0, 0.0],
    "marker_mm": 6.0,
    "window_hu": [-300.0, 1100.0],
    "hu_scale": 300.0,
}
BONE = 600.0


class NearMark(nn.Module):
    """Calls bone near the mark "this vertebra", other bone "other", and the rest background."""

    def forward(self, x: Tensor) -> Tensor:
        hu, mark = x[:, 0] * 300, x[:, 1]
        bone = (hu - BONE / 2) / 20
        return torch.stack([-bone, bone + 40 * (mark - 0.3), bone + 40 * (0.3 - mark), bone * 0 - 99], 1)


NEAR_MARK = Network(
    NearMark(),
    torch.device("cpu"),
    SETTINGS,
    ModelIdentity("near mark", "1", "0" * 64),  # type: ignore[arg-type]
)


def scan(affine: np.ndarray, shape: tuple[int, int, int]) -> tuple[Oriented, np.ndarray]:
    """Two balls of bone of 7 mm radius, 24 mm apart along z, and their centres (LPS mm)."""
    centres = np.array([[0.0, 0, -12], [0, 0, 12]])
    points = np.moveaxis(np.indices(shape), 0, -1) @ affine[:3, :3].T + affine[:3, 3]
    balls = [np.linalg.norm(points - centre, axis=-1) < 7 for centre in centres]
    voxels = np.where(balls[0] | balls[1], BONE, -100).astype(np.float32)
    return orient(SimpleNamespace(voxels=voxels, affine=affine)), centres  # type: ignore[arg-type]


def straight(step: float) -> np.ndarray:
    affine = np.diag([step, step, step, 1.0])
    affine[:3, 3] = -24
    return affine


def oblique() -> np.ndarray:
    """Slices first, tilted by 20 degrees about x, rows to the right."""
    c, s = np.cos(0.35), np.sin(0.35)
    affine = np.eye(4)
    affine[:3, :3] = np.array([[0, 0, -1.0], [-s, c, 0], [c, s, 0]]) * [2.0, 1.0, 1.0]
    affine[:3, 3] = -affine[:3, :3] @ [13, 28, 28]
    return affine


@pytest.mark.parametrize(
    ("affine", "shape"),
    [(straight(1.0), (49, 49, 49)), (straight(2.0), (25, 25, 25)), (oblique(), (27, 57, 57))],
    ids=["fine", "coarse", "oblique"],
)
def test_each_ball_gets_the_number_of_its_centre(affine, shape):
    oriented, centres = scan(affine, shape)
    refined = refine(NEAR_MARK, oriented, oriented, centres)
    points = np.moveaxis(np.indices(oriented.array.shape), 0, -1) @ oriented.affine[:3, :3].T
    points = points + oriented.affine[:3, 3]
    for k, centre in enumerate(centres):
        truth = np.linalg.norm(points - centre, axis=-1) < 7
        found = refined.owner == k + 1
        assert 2 * (found & truth).sum() / (found.sum() + truth.sum()) > 0.9
    assert ((refined.owner > 0) == (refined.probability > 0.5)).all()


def test_the_answer_covers_the_part_that_was_asked_for():
    oriented, centres = scan(straight(1.0), (49, 49, 49))
    whole = refine(NEAR_MARK, oriented, oriented, centres)
    box = slice(10, 40), slice(12, 41), slice(4, 30)
    part = refine(NEAR_MARK, oriented, oriented.cut(box), centres)
    np.testing.assert_array_equal(part.owner, whole.owner[box])
    np.testing.assert_allclose(part.probability, whole.probability[box], atol=1e-4)


def test_a_vertebra_at_the_edge_of_the_scan_is_surrounded_by_air():
    oriented, centres = scan(straight(1.0), (49, 49, 49))
    cut = oriented.cut((slice(0, 49), slice(0, 49), slice(10, 49)))  # through the lower ball
    refined = refine(NEAR_MARK, cut, cut, centres)
    assert set(np.unique(refined.owner)) == {0, 1, 2}
    assert refined.owner.shape == (49, 49, 39)
