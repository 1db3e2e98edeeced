"""Components and holes."""

import numpy as np

from pipelines.segmentation.clean import fill_holes, largest


def blobs():
    mask = np.zeros((6, 20, 20), bool)
    mask[:, 2:8, 2:8] = True  # 216
    mask[:3, 12:16, 12:16] = True  # 48
    mask[0, 18, 18] = True
    return mask


def test_only_the_largest_is_kept():
    assert largest(blobs()).sum() == 216


def test_comparable_components_may_stay():
    assert largest(blobs(), keep=0.2).sum() == 216 + 48


def test_nothing_stays_nothing():
    assert not largest(np.zeros((3, 3, 3), bool)).any()


def test_holes_are_filled_plane_by_plane():
    mask = blobs()
    mask[:, 4:6, 4:6] = False
    assert fill_holes(mask, axis=0).sum() == blobs().sum()
