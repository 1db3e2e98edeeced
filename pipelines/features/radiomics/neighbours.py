"""One pass over the neighbours of a region's voxels that counts what all texture classes are made of.

For each direction the pairs of neighbours are counted by their two levels (GLCM), and those of equal level
are listed. The lists are short, and runs (GLRLM) and zones (GLSZM) follow from them alone. How much each
voxel's surroundings differ (GLDM, NGTDM) is summed for whole lines of the box at a time.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.features.radiomics.discretise import Levels
from pipelines.features.radiomics.kernel import kernel
from pipelines.features.radiomics.region import Region


@dataclass(frozen=True, eq=False, slots=True)
class Texture:
    """Counts over a region's neighbours; levels stand for positions in `Levels.grey`.

    Attributes
    ----------
    pairs : int32 array of shape (directions, levels, levels)
        Voxels of the first level whose neighbour, one step on, has the second.
    runs : int32 array of shape (directions, levels, longest + 1)
        Straight runs of a level, by their length in voxels.
    zone_level, zone_size : int32 arrays of shape (zones,)
        Level and number of voxels of each connected zone of equal level.
    dependence : int64 array of shape (levels, dependent neighbours + 1)
        Voxels of a level, by how many neighbours' levels differ by `gldm_a` at most.
    difference : float64 array of shape (levels,)
        Sum over the voxels of a level of its distance from the mean of the neighbours' levels.
    """

    pairs: NDArray[np.int32]
    runs: NDArray[np.int32]
    zone_level: NDArray[np.int32]
    zone_size: NDArray[np.int32]
    dependence: NDArray[np.int64]
    difference: NDArray[np.float64]


def count_neighbours(region: Region, levels: Levels, alike: int = 0) -> Texture:
    """Count a region's neighbours.

    Parameters
    ----------
    region : Region
    levels : Levels
    alike : int
        Largest difference of level between dependent voxels (setting `gldm_a`).
    """
    box = np.zeros(int(np.prod(region.shape)), np.uint16)
    box[region.index] = levels.rank + 1
    pairs = np.zeros((region.offsets.size, levels.grey.size + 1, levels.grey.size + 1), np.int32)
    runs = np.zeros((region.offsets.size, levels.grey.size, region.longest + 1), np.int32)
    runs[:, :, 1] = levels.count
    parent = _pass(box, region.index, (region.offsets, region.paired, region.adjacent), pairs, runs)
    zone_level, zone_size = _zones(box, region.index, parent)
    grey = np.concatenate(([0], levels.grey)).astype(np.int32)[box]
    first, stop = int(region.index[0]), int(region.index[-1]) + 1
    around = _around(grey, region.offsets[region.paired], first, stop, alike)
    dependence, difference = _by_level(
        grey[first:stop], around, region.index - first, region.neighbours, levels.rank
    )
    return Texture(pairs[:, 1:, 1:], runs, zone_level, zone_size, dependence, difference)


@kernel
def _pass(
    box: NDArray[np.uint16],
    index: NDArray[np.int32],
    directions: tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]],
    pairs: NDArray[np.int32],
    runs: NDArray[np.int32],
) -> NDArray[np.int32]:
    """Fill `pairs` and `runs`; return for each position one before it in the same zone, or itself."""
    offsets, paired, adjacent = directions
    parent = np.arange(box.size).astype(np.int32)
    place = np.ones(box.size, np.int16)  # of a voxel in its run
    equal = np.empty(index.size + 1, np.int32)
    in_lines = offsets[adjacent].min() == 1
    for a in range(offsets.size):
        found = _pairs(box, index, offsets[a], pairs[a], equal)
        if adjacent[a]:
            _runs(box, offsets[a], equal[:found], place, runs[a])
            _zone(box, offsets[a], equal[:found], parent, in_lines)
        if not paired[a]:
            pairs[a] = 0
    return parent


@kernel
def _pairs(
    box: NDArray[np.uint16],
    index: NDArray[np.int32],
    offset: int,
    pairs: NDArray[np.int32],
    equal: NDArray[np.int32],
) -> int:
    """Count pairs and list the second voxels of those of equal level, without a branch."""
    found = 0
    for p in index:
        here, before = box[p], box[p - offset]
        pairs[before, here] += 1
        equal[found] = p
        found += here == before
    return found


@kernel
def _runs(
    box: NDArray[np.uint16],
    offset: int,
    equal: NDArray[np.int32],
    place: NDArray[np.int16],
    runs: NDArray[np.int32],
) -> None:
    """Count the voxels that are first, second … in a run, and from these the runs of each length.

    At first all voxels are counted as the first of a run.
    """
    for p in equal:
        place[p] = place[p - offset] + 1
        runs[box[p] - 1, 1] -= 1
        runs[box[p] - 1, place[p]] += 1
    for p in equal:
        place[p] = 1
    for level in range(runs.shape[0]):
        for length in range(1, runs.shape[1] - 1):
            runs[level, length] -= runs[level, length + 1]


@kernel
def _zone(
    box: NDArray[np.uint16], offset: int, equal: NDArray[np.int32], parent: NDArray[np.int32], in_lines: bool
) -> None:
    """Join pairs of equal level; if zones grow along lines too, the first of a row of pairs will do."""
    before = -1
    for p in equal:
        if not (in_lines and p == before + 1 and box[p] == box[before] and offset != 1):
            _join(parent, p, p - offset)
        before = p


@kernel
def _join(parent: NDArray[np.int32], p: int, q: int) -> None:
    a, b = _root(parent, p), _root(parent, q)
    if a < b:
        parent[b] = a
    else:
        parent[a] = b


@kernel
def _root(parent: NDArray[np.int32], p: int) -> int:
    while parent[p] != p:
        parent[p] = parent[parent[p]]
        p = parent[p]
    return p


@kernel
def _zones(
    box: NDArray[np.uint16], index: NDArray[np.int32], parent: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    size = np.zeros(box.size, np.int32)
    zones = 0
    for p in index:
        root = _root(parent, p)
        zones += root == p
        size[root] += 1
    level, voxels = np.empty(zones, np.int32), np.empty(zones, np.int32)
    k = 0
    for p in index:
        if size[p] > 0:
            level[k], voxels[k] = box[p] - 1, size[p]
            k += 1
    return level, voxels


@kernel
def _around(
    grey: NDArray[np.int32], offsets: NDArray[np.int64], first: int, stop: int, alike: int
) -> tuple[NDArray[np.uint16], NDArray[np.int32]]:
    """For each position: neighbours in the region of like level, and the sum of all neighbours' levels."""
    here = grey[first:stop]
    dependent = np.zeros(here.size, np.uint16)
    total = np.zeros(here.size, np.int32)
    for offset in offsets:
        for sign in (-1, 1):
            there = grey[first + sign * offset : stop + sign * offset]
            for i in range(here.size):
                total[i] += there[i]
                dependent[i] += (there[i] > 0) & (abs(there[i] - here[i]) <= alike)
    return dependent, total


@kernel
def _by_level(
    grey: NDArray[np.int32],
    around: tuple[NDArray[np.uint16], NDArray[np.int32]],
    index: NDArray[np.int32],
    neighbours: NDArray[np.uint16],
    rank: NDArray[np.uint16],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Give `Texture.dependence` and `Texture.difference`."""
    dependent, total = around
    levels = rank.max() + 1
    dependence = np.zeros((levels, dependent.max() + 1), np.int64)
    difference = np.zeros(levels)
    for q in range(index.size):
        p, level = index[q], rank[q]
        dependence[level, dependent[p]] += 1
        if neighbours[q] > 0:
            difference[level] += abs(grey[p] - total[p] / neighbours[q])
    return dependence, difference
