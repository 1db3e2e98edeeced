"""IBSI-2: wavelet response maps and feature values against the published consensus.

PyRadiomics, and so the node, has no rotation invariance; where the reference has it, the test averages over
the rotations. Maps of the second level differ by definition: IBSI dilates the filters there, PyRadiomics does
not.
"""

import csv
from itertools import permutations, product

import numpy as np
import pytest
from phantoms.ibsi import FAMILIES, Configuration, agrees, process, read

from models.boxes import bounding_box, widened
from pipelines.features.radiomics.discretise import discretise
from pipelines.features.radiomics.firstorder import firstorder
from pipelines.features.radiomics.wavelet import wavelet_images

pytestmark = pytest.mark.real

AROUND = 8


def response(voxels, wavelet, band, edge, **settings):
    larger = np.pad(voxels, AROUND, mode=edge)
    found = dict(wavelet_images(np.ascontiguousarray(larger), {"wavelet": wavelet, **settings}))
    return found[f"wavelet-{band}"][(slice(AROUND, -AROUND),) * 3]


def turns(axes):
    """Give the rotations by right angles of the given axes: an order of all axes, and their directions."""
    for order in permutations(axes):
        for signs in product((1, -1), repeat=len(axes)):
            matrix = np.zeros((3, 3))
            for k in range(3):
                matrix[k, k] = k not in axes
            for k, (axis, sign) in enumerate(zip(order, signs, strict=True)):
                matrix[axes[k], axis] = sign
            if np.linalg.det(matrix) > 0:
                whole = [order[axes.index(k)] if k in axes else k for k in range(3)]
                yield whole, [slice(None, None, signs[axes.index(k)] if k in axes else 1) for k in range(3)]


def averaged(voxels, respond, axes=(0, 1, 2)):
    every = [
        respond(voxels.transpose(order)[tuple(flips)])[tuple(flips)].transpose(np.argsort(order))
        for order, flips in turns(axes)
    ]
    return np.mean(every, axis=0)


@pytest.mark.parametrize(
    ("name", "phantom", "wavelet", "band", "edge"),
    [
        ("5_a_1", "impulse", "db2", "LHL", "constant"),
        ("5_a_2", "impulse", "db2", "LHL", "constant"),
        ("6_a_1", "sphere", "coif1", "HHL", "wrap"),
        ("6_a_2", "sphere", "coif1", "HHL", "wrap"),
    ],
)
def test_response_map(shared_data, name, phantom, wavelet, band, edge):
    folder = shared_data / "ibsi"
    expected, _ = read(folder / f"reference_ibsi2/reference_response_maps/{name}-ValidCRM.nii.gz")
    voxels, _ = read(folder / f"ibsi_2_digital_phantom/nifti/{phantom}/image/{phantom}.nii.gz")

    def respond(turned):
        return response(turned, wavelet, band, edge)

    found = averaged(voxels, respond) if name.endswith("2") else respond(voxels)
    assert np.abs(found - expected).max() < 1e-6 * np.ptp(expected)  # IBSI allows 1 %


@pytest.fixture(scope="module")
def chest(shared_data):
    folder = shared_data / "ibsi/ibsi_1_ct_radiomics_phantom/nifti"
    voxels, spacing = read(folder / "image/phantom.nii.gz")
    return voxels, read(folder / "mask/mask.nii.gz")[0], spacing


@pytest.fixture(scope="module")
def consensus(shared_data):
    path = shared_data / "ibsi/reference_ibsi2/reference_feature_values/reference_values.csv"
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    return {
        (row["filter_id"], row["feature_tag"]): (float(row["consensus_value"]), float(row["tolerance"]))
        for row in rows
        if row["consensus_value"] not in ("", "NA")
    }


def prepared(chest, flat):
    """Process the CT phantom as IBSI-2 does, cut to the region and what filters read around it."""
    spacing = None if flat else 1
    voxels, _, inside, _ = process(*chest, Configuration(flat, spacing, 3, (-1000, 400), False, {}))
    box = widened(bounding_box(inside), (AROUND,) * 3, inside.shape)
    return voxels[box], inside[box]


def assert_values(values, expected, number):
    found = firstorder(values, discretise(values, {"binCount": 32}), 1.0, {})
    found["Kurtosis"] -= 3
    rows = [
        (name, found[name], *expected[number, tag])
        for name, tag in FAMILIES["firstorder"].items()
        if (number, tag) in expected
    ]
    assert len(rows) == 15
    assert not [row for row in rows if not agrees(*row[1:])]


@pytest.mark.parametrize(("number", "flat"), [("1.A", True), ("1.B", False)])
def test_values_without_filter(chest, consensus, number, flat):
    voxels, inside = prepared(chest, flat)
    assert_values(voxels[inside], consensus, number)


def test_values_of_a_wavelet_in_the_slice(chest, consensus):
    voxels, inside = prepared(chest, flat=True)

    def respond(turned):
        return response(turned, "db3", "LH", "symmetric", force2D=True, force2Ddimension=0)

    assert_values(averaged(voxels, respond, axes=(1, 2))[inside], consensus, "6.A")


def test_values_of_a_wavelet_in_three_dimensions(chest, consensus):
    voxels, inside = prepared(chest, flat=False)

    def respond(turned):
        return response(turned, "db3", "LLH", "symmetric")

    assert_values(averaged(voxels, respond)[inside], consensus, "6.B")
