"""The generator still draws the people whose scans the shipped segmentation networks were trained on.

The figures come from the program that wrote those training scans. A change here means that the model cards
no longer tell the truth: retrain, or undo the change.
"""

import numpy as np
import pytest

from models.anatomy import Acquisition, Anatomy, Contrast, acquire, generate, render

SAGITTAL = ((-42, 42), (-110, 95), (-150, 150))
ABDOMEN = ((-140, 140), (-150, 115), (-235, 150))
SLACK = 3  # voxels: another processor may round a surface differently
# fmt: off
TISSUES = {
    10000: [
        1171, 366, 986, 29143, 10568, 7124, 1050, 939, 1492, 838, 928, 2274, 1135, 750, 924, 338,
        631, 731, 186, 363, 11355, 1700, 48, 143, 582, 1591, 164, 0, 33, 306, 2466
    ],
    20000: [
        193464, 7390, 32953, 15869, 6812, 3114, 107, 129796, 803, 1496, 550, 1392, 967, 706, 611,
        198, 5127, 461, 196, 285, 17846, 1209, 3192, 6450, 438, 1056, 0, 0, 9, 80, 10943
    ],
}
INSTANCES = {
    10000: {
        1: 800, 2: 830, 3: 712, 4: 881, 5: 703, 6: 657, 7: 537, 8: 2183, 21: 180, 22: 187, 23: 232,
        24: 192, 25: 168, 26: 145, 27: 145, 40: 1280, 51: 1368, 52: 1372, 53: 2920, 54: 3993, 55:
        1067, 56: 2373, 58: 46
    },
    20000: {
        1: 605, 2: 602, 3: 554, 4: 466, 5: 544, 6: 458, 7: 395, 8: 1494, 21: 117, 22: 178, 23: 76,
        24: 125, 25: 116, 26: 109, 27: 88, 40: 942, 51: 737, 52: 807, 53: 4121, 54: 4154, 55: 4048,
        56: 3668, 57: 540, 58: 532
    },
}
FIRST_SACRAL = {10000: 613, 20000: 377}
NEXT_NUMBER = {10000: 0.5274487175490028, 20000: 0.8385690292048289}
# Mean and deviation of the rendered image and of the scan, voxels of the canal in the scan, next number.
SCANS = {
    (10000, "ct"): (2.2455039, 208.7344666, 2.3050015, 180.2816315, 1099, 0.4735829377432984),
    (10000, "t2"): (0.4915985, 0.2589352, 0.5607342, 0.2141855, 1099, 0.1095064404600975),
    (20000, "ct"): (-415.1692505, 522.8442383, -411.4087830, 512.5316162, 843, 0.8662507742946893),
    (20000, "t2"): (0.2215601, 0.2512759, 0.2930163, 0.2685272, 843, 0.5227752042980143),
}
# fmt: on


@pytest.fixture(scope="module", params=[(10000, SAGITTAL), (20000, ABDOMEN)], ids=["sagittal", "abdomen"])
def person(request: pytest.FixtureRequest) -> tuple[int, Anatomy]:
    seed, field_of_view = request.param
    return seed, generate(seed, field_of_view, 4.0)


def test_the_person_and_the_scans_of_a_seed(person: tuple[int, Anatomy]) -> None:
    seed, anatomy = person
    tissues = np.bincount(anatomy.tissues.numpy().ravel(), minlength=31)
    assert np.abs(tissues - TISSUES[seed]).max() <= SLACK
    values, counts = np.unique(anatomy.instances.numpy(), return_counts=True)
    found = dict(zip(values.tolist(), counts.tolist(), strict=True))
    assert found.keys() - {0} == INSTANCES[seed].keys()
    assert all(abs(found[k] - n) <= SLACK for k, n in INSTANCES[seed].items())
    assert abs(int(anatomy.first_sacral.sum()) - FIRST_SACRAL[seed]) <= SLACK
    assert anatomy.random.numbers.random() == NEXT_NUMBER[seed]
    for name in ("ct", "t2"):
        _check_scan(seed, anatomy, Contrast(name))


def _check_scan(seed: int, anatomy: Anatomy, contrast: Contrast) -> None:
    image = render(anatomy, contrast)
    grid = Acquisition((4.4, 4.0, 4.0), thickness=4.0, offset=(1.0, 0.0, 2.0))
    scan, (canal,) = acquire(anatomy, image, contrast, grid, [anatomy.instances == 40])
    expected = SCANS[seed, contrast.value]
    figures = [float(x) for x in (image.mean(), image.std(), scan.mean(), scan.std())]
    assert figures == pytest.approx(expected[:4], rel=2e-3)
    assert abs(int(canal.sum()) - expected[4]) <= SLACK
    assert anatomy.random.numbers.random() == expected[5]
