"""Surface and volume of the mesh around a region: marching cubes half-way (Lorensen and Cline 1987).

A cube spans eight voxels. Which of them are in the region decides its triangles, whose corners are the
middles of the cube's edges. The volume is the sum of tetrahedra from the first voxel to the triangles. As the
mesh of marching cubes can have holes, that depends on the place, and a cube's part in it is linear in its
place: so the sum is PyRadiomics' also where the mesh is not the surface of a body.
"""

import numpy as np
from numpy.typing import NDArray

from pipelines.features.radiomics.kernel import kernel
from pipelines.features.radiomics.resample import Triple

_EDGES = np.array(
    [
        *((0, 0, 1), (0, 1, 0), (0, 1, 2), (0, 2, 1), (1, 0, 0), (1, 0, 2)),
        *((1, 2, 0), (1, 2, 2), (2, 0, 1), (2, 1, 0), (2, 1, 2), (2, 2, 1)),
    ]
)
"""Middles of a cube's edges "a" to "l" in half voxels along slice, row and column."""

_TRIANGLES = """
    - aeb acf bcfbfe bgd aeddeg acfbgd cfddfgegf cdh aebcdh adfdhf bdhbheehf bghbhc aeccehegh abfbgffgh
    eghehf eij aibbij acfeij bcjcfjfij bgdeij aiddiggij acfbgdeij cfddfgfijfjg cdheij aijajbcdh adfdhfeij
    bdhbhibijfih bghbhceij aiccghciggij abfbgfeijfgh fghfijfjg fki aebfki acicki bckbkeeki bgdfki aeddegfki
    acibgdcki ckddegdkeeki cdhfki aebcdhfki adidhihki bdhbheehihki bghbhcfki aecceheghfki abibghbhihki
    eghehkeki efjfkj afbbfkbkj acecjeckj bckbkj bgdefjfkj afddfgfjgfkj acebgdcjeckj cjdckjdjg cdhefjfkj
    afkakbbkjcdh adedheehkekj bdhbhkbkj bghbhcefjfkj afkaghahcajgakj abgaghahkajeakj ghjhkj gjl aelalbblgejl
    acfgjl bclblgcflejlelf bjlbld aelaldejl abfbjfcfddflfjl cfddfjdjlejf cdjcjhdgjhjl aecbdgcehejlelh
    adjajfdgjfjhhjl bdgehfejhhjl bjccjhhjl aeccehejlelh abfbjlblfflh ehfejhhjl eilelg ailalbblg
    acecficgecilclg bcfbfgfilflg beibiddil aiddil abecfddfidil cfddfidil cdgceicgecilclh ailalcbdgclh
    afddfhegleli bdgfilflh behbhceihhil ailalcclh abefilflh filflh fgjfjifklflg afbbfgejifklflg
    acgagickggjigkl bckbkgejigkl bfdbjfdflfjifkl aflaldejifkl aicbdlbljcik ckddkleji cdfdgffgjfjihkl
    abechdfikglj adidgigjihkl bdgejihkl bjccjffjihkl afcejihkl abibjihkl ejihkl efgfklflg afbbfgfklflg
    acecklcleelg bckbkggkl befbflbldfkl aflaldfkl abeckddkl ckddkl cdfdgfefghkl afcbdghkl adedgehkl bdghkl
    befbfchkl afchkl abehkl hkl
"""
"""Three edges a triangle, for each set of corners in the region; corner (s, r, c) counts 1 << 4 s + 2 r + c.

A set and its complement share the triangles, turned round. Where a surface can be cut into triangles in more
than one way, this is PyRadiomics'.
"""


def surface(framed: NDArray[np.bool_], spacing: Triple) -> tuple[float, float]:
    """Give area (mm2) and volume (mm3) of a region's mesh.

    Parameters
    ----------
    framed : bool array of shape (slices, rows, columns)
        The region's bounding box with one voxel of background on each side.
    spacing : tuple of three float
        mm along slice, row and column index.
    """
    area, volume, drift = _tables(np.array(spacing))
    total_area, total_volume = _march(framed, area, volume, drift * spacing)
    return float(total_area), float(total_volume / 6)


def _tables(spacing: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """For each of the 256 cubes: area, six times its volume, and how that changes with the place (mm)."""
    case, corners = _triangles()
    a, b, c = np.moveaxis(corners * spacing, 1, 0)  # (triangles, 3) each
    ab, bc, ca = np.cross(a, b), np.cross(b, c), np.cross(c, a)
    area, volume, drift = np.zeros(256), np.zeros(256), np.zeros((256, 3))
    np.add.at(area, case, np.linalg.norm(np.cross(a - c, b - c), axis=1) / 2)
    np.add.at(volume, case, (ab * c).sum(axis=1))
    np.add.at(drift, case, ab + bc + ca)
    return area + area[::-1], volume - volume[::-1], drift - drift[::-1]


def _triangles() -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Give each triangle's case (below 128), and its corners in voxels: (triangles, 3 corners, 3 axes)."""
    letters = [[ord(letter) - ord("a") for letter in word if letter != "-"] for word in _TRIANGLES.split()]
    case = np.repeat(np.arange(len(letters)), [len(word) // 3 for word in letters])
    return case, _EDGES[[edge for word in letters for edge in word]].reshape(-1, 3, 3) / 2


@kernel
def _march(
    framed: NDArray[np.bool_],
    area: NDArray[np.float64],
    volume: NDArray[np.float64],
    drift: NDArray[np.float64],
) -> tuple[float, float]:
    total_area = total_volume = 0.0
    for z in range(framed.shape[0] - 1):
        for y in range(framed.shape[1] - 1):
            case = 0
            for x in range(framed.shape[2] - 1):
                # the last column's corners become the first's
                case = (case >> 1) & 0b01010101
                case |= framed[z, y, x + 1] << 1 | framed[z, y + 1, x + 1] << 3
                case |= framed[z + 1, y, x + 1] << 5 | framed[z + 1, y + 1, x + 1] << 7
                if 0 < case < 255:
                    total_area += area[case]
                    total_volume += volume[case]
                    total_volume += z * drift[case, 0] + y * drift[case, 1] + x * drift[case, 2]
    return total_area, total_volume
