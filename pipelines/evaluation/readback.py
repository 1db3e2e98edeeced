"""A DICOM SEG read back as anybody would read it: by highdicom, in patient space."""

from collections.abc import Mapping
from pathlib import Path

import highdicom as hd
import numpy as np
import SimpleITK
from numpy.typing import NDArray

from pipelines.errors import InputError


def read_seg(path: Path) -> tuple[SimpleITK.Image, Mapping[int, str]]:
    """Read a SEG whose segments do not overlap.

    Returns
    -------
    image : SimpleITK image
        Segment numbers, 0 where there is none.
    labels : mapping of int to str
        SegmentLabel by segment number.

    Raises
    ------
    InputError
        NOT_A_VOLUME, if the frames are no regular grid: gantry tilt, say.
    """
    seg = hd.seg.segread(path)
    try:
        volume = seg.get_volume(combine_segments=True, dtype=np.uint8)
    except (RuntimeError, ValueError) as error:
        raise InputError("NOT_A_VOLUME", f"{path.name}: frames do not form a volume: {error}") from None
    labels = {
        number: str(seg.get_segment_description(number).segment_label) for number in seg.segment_numbers
    }
    return volume.to_simpleitk(), labels


def labels_on(path: Path, geometry: SimpleITK.Image) -> tuple[NDArray[np.uint8], Mapping[int, str]]:
    """Read a SEG onto another grid: each voxel gets the segment that covers its centre (nearest neighbour).

    Parameters
    ----------
    path : Path
    geometry : SimpleITK image
        The grid.

    Returns
    -------
    labels : uint8 array
        Segment numbers, of the shape of the grid's array.
    names : mapping of int to str
        SegmentLabel by segment number.

    Raises
    ------
    InputError
        See `read_seg`.
    """
    image, names = read_seg(path)
    on_grid = SimpleITK.Resample(
        image, geometry, SimpleITK.Transform(), SimpleITK.sitkNearestNeighbor, 0, SimpleITK.sitkUInt8
    )
    return SimpleITK.GetArrayFromImage(on_grid), names
