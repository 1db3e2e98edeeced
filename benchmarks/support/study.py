"""A study of the usual size for radiomics alone: 33 regions in textures, no anatomy.

Vertebrae have 40,000 voxels, discs 15,000 and muscles 150,000, on the 1 mm grids that clinical series are
resampled to: what counts for the time are the regions' and the volumes' sizes and the number of grey levels.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipelines.types import ModelIdentity, Role, Segmentation, SourceSeries, Volume

Triple = tuple[float, float, float]

LEVELS = ("L1", "L2", "L3", "L4", "L5")
MUSCLES = ("psoas major", "quadratus lumborum", "erector spinae", "multifidus")
BODY = (25.0, 13.0, 20.0)
DISC = (25.0, 5.6, 18.0)
MUSCLE = (54.0, 19.3, 24.3)
VERTEBRA = (13.5, 20.0, 24.0)


def study() -> list[Segmentation]:
    """Give a CT of 5 vertebrae, two sagittal MR of 5 bodies and 5 discs, and an axial MR of 8 muscles."""
    return [
        _series(Role.CT, (200, 200, 200), _vertebrae()),
        _series(Role.MR_SAG_T1, (88, 300, 300), _spine()),
        _series(Role.MR_SAG_T2, (88, 300, 300), _spine()),
        _series(Role.MR_AXIAL_T2, (120, 256, 256), _muscles()),
    ]


def _vertebrae() -> Iterator[tuple[str, Triple, Triple]]:
    for k, level in enumerate(LEVELS):
        yield f"{level} vertebra", (28.0 + 36 * k, 100.0, 100.0), VERTEBRA


def _spine() -> Iterator[tuple[str, Triple, Triple]]:
    for k, level in enumerate(LEVELS):
        yield f"{level} vertebral body", (44.0, 40.0 + 44 * k, 150.0), BODY
        yield f"{level}-{(*LEVELS, 'S1')[k + 1]} disc", (44.0, 62.0 + 44 * k, 150.0), DISC


def _muscles() -> Iterator[tuple[str, Triple, Triple]]:
    for row, side in enumerate(("left", "right")):
        for column, muscle in enumerate(MUSCLES):
            yield f"{side} {muscle}", (60.0, 80.0 + 80 * row, 35.0 + 60 * column), MUSCLE


def _series(
    role: Role, shape: tuple[int, int, int], bodies: Iterator[tuple[str, Triple, Triple]]
) -> Segmentation:
    labels, structures = np.zeros(shape, np.uint8), {}
    for value, (name, centre, half) in enumerate(bodies, start=1):
        labels[_inside(shape, centre, half)] = value
        structures[value] = name
    seed = list(Role).index(role)
    inner, outer = (90, 40) if role is Role.CT else (110, 100)  # of the textures
    inside, around = _texture(shape, seed), _texture(shape, seed + 50)
    voxels = np.where(labels > 0, 260 + inner * inside, 180 + outer * around)
    if role is Role.CT:
        voxels[:, :20] = -1000  # air
    source = SourceSeries("1", "1", "CT" if role is Role.CT else "MR", (), ())
    volume = Volume(voxels.astype(np.float32), np.eye(4), (None,) * shape[0], role, source)
    return Segmentation(volume, labels, structures, ModelIdentity("none", "0", ""))


def _inside(shape: tuple[int, int, int], centre: Triple, half: Triple) -> NDArray[np.bool_]:
    """Give a box with round edges."""
    place = np.ogrid[tuple(slice(n) for n in shape)]
    apart = sum(np.abs((x - c) / h) ** 4 for x, c, h in zip(place, centre, half, strict=True))
    return np.asarray(apart <= 1)


def _texture(shape: tuple[int, int, int], seed: int) -> NDArray[np.float32]:
    """Give noise of three widths together, of standard deviation about 1."""
    rng = np.random.default_rng(seed)
    total = np.zeros(shape, np.float32)
    for width, weight in ((0.6, 0.5), (1.5, 0.6), (6.0, 0.6)):
        part = ndimage.gaussian_filter(rng.standard_normal(shape, dtype=np.float32), width)
        total += weight * part / part.std()
    return total
