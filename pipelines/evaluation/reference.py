"""The reference of a scan: what somebody says is in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK
from numpy.typing import NDArray
from pydicom.misc import is_dicom

from pipelines.evaluation.manifest import LabelMap, Row, RowError, read_label_map
from pipelines.evaluation.names import is_known
from pipelines.evaluation.nifti import read_volume
from pipelines.evaluation.readback import read_seg
from pipelines.types import Volume

OUTSIDE = 0.01  #: share of labelled voxels that may lie beside the scan
EDGE = 1.0  #: voxels beyond the outermost centres that still count as inside

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Reference:
    """A label map in patient space.

    Attributes
    ----------
    geometry : SimpleITK image
        Its grid; ITK's index order is the reverse of the array's.
    values : int32 array
    names : mapping of int to str
        SegmentLabel, or kind alone, of the values that count.
    """

    geometry: SimpleITK.Image
    values: NDArray[np.int32]
    names: Mapping[int, str]

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Distance in mm between neighbours along the axes of `values`."""
        x, y, z = self.geometry.GetSpacing()
        return float(z), float(y), float(x)

    @property
    def affine(self) -> NDArray[np.float64]:
        """Index of `values` to LPS mm."""
        directions = np.array(self.geometry.GetDirection()).reshape(3, 3)
        affine = np.eye(4)
        affine[:3, :3] = (directions * self.geometry.GetSpacing())[:, ::-1]
        affine[:3, 3] = self.geometry.GetOrigin()
        return affine

    def mask(self, *labels: str) -> Mask:
        """Voxels of some structures together."""
        return np.isin(self.values, [value for value, name in self.names.items() if name in labels])

    @property
    def present(self) -> list[str]:
        """Names of the structures that have a voxel, each once."""
        found = np.unique(self.values)
        return list(dict.fromkeys(name for value, name in self.names.items() if value in found))


def read_reference(row: Row) -> Reference:
    """Read a row's reference and give its values their names.

    Raises
    ------
    RowError
        NO_FILE, NOT_READABLE, SHAPE, LABEL_MAP, and LABEL_VALUE for a value that the label map leaves open.
    """
    if not row.reference.is_file():
        raise RowError("NO_FILE", f"reference {row.reference}: no such file")
    labels = read_label_map(row.labels) if row.labels else None
    if is_dicom(row.reference):
        geometry, names = read_seg(row.reference)
        labels = labels or _own(row.reference, names)
    else:
        geometry = read_volume(row.reference)
    if labels is None:
        raise RowError("LABEL_MAP", "a NIfTI reference needs a label map; name one in the column `labels`")
    values = SimpleITK.GetArrayFromImage(geometry).round().astype(np.int32)
    _require_known(row.reference, labels, values)
    reference = Reference(geometry, values, labels.names)
    if not reference.present:
        raise RowError("EMPTY", f"reference {row.reference}: no voxel has a value of the label map")
    return reference


def found_as_reference(path: Path) -> Reference:
    """Read a SEG that this program wrote: it says where structures lie that a reference does not show."""
    geometry, names = read_seg(path)
    return Reference(geometry, SimpleITK.GetArrayFromImage(geometry).astype(np.int32), names)


def require_inside(reference: Reference, volume: Volume) -> None:
    """Refuse a reference that lies beside its scan: one of the two headers is wrong.

    Raises
    ------
    RowError
        SHAPE, with the share of labelled voxels outside.
    """
    index = np.argwhere(np.isin(reference.values, list(reference.names)))
    to_volume = np.linalg.inv(volume.affine) @ reference.affine
    places = index @ to_volume[:3, :3].T + to_volume[:3, 3]
    inside = ((places >= -EDGE) & (places <= np.array(volume.voxels.shape) - 1 + EDGE)).all(axis=1)
    if (share := 1 - inside.mean()) > OUTSIDE:
        raise RowError(
            "SHAPE",
            f"{share:.0%} of the reference's labelled voxels lie outside the scan: shape "
            f"{reference.values.shape} against {volume.voxels.shape}; one of the two headers is wrong, or "
            "they are of different scans",
        )


def _own(path: Path, names: Mapping[int, str]) -> LabelMap:
    """Take a SEG's own SegmentLabels."""
    if strange := [label for label in names.values() if not is_known(label)]:
        raise RowError(
            "LABEL_MAP",
            f"reference {path}: segment {strange[0]!r} is no fixed SegmentLabel; give a label map "
            "of its segment numbers",
        )
    return LabelMap(names)


def _require_known(path: Path, labels: LabelMap, values: NDArray[np.int32]) -> None:
    unknown = labels.unknown(int(value) for value in np.unique(values))
    if unknown:
        raise RowError(
            "LABEL_VALUE",
            f"reference {path}: the label map says nothing about the values {', '.join(map(str, unknown))}; "
            "give each a line, with an empty label to leave it out",
        )
