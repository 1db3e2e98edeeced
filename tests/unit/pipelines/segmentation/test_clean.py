"""Components and holes."""

import numpy as np

from pipelines.segmentation.clean import fill_cavities, fill_holes, largest


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


def test_a_cavity_is_filled_and_a_tunnel_stays():
    mask = np.zeros((12, 12, 12), bool)
    mask[1:11, 1:11, 1:11] = True
    holed = mask.copy()
    holed[3:5, 3:5, 3:5] = False
    np.testing.assert_array_equal(fill_cavities(holed), mask)
    tunnel = mask.copy()
    tunnel[5:7, 5:7] = False  # a canal, open above and below
    np.testing.assert_array_equal(fill_cavities(tunnel), tunnel)


def test_nothing_has_no_cavity():
    assert not fill_cavities(np.zeros((4, 4, 4), bool)).any()
