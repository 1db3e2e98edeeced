"""What the phantom's scanners are set to: one CT and three MR series."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from models.anatomy import Acquisition, Anatomy, Contrast, FieldOfView
from models.anatomy.scene import L1, L3, L4
from pipelines.types import Role

#: mm; holds the spine from T11 to the sacrum, its muscles, and the trunk but for its flanks.
FIELD_OF_VIEW: FieldOfView = ((-132, 132), (-155, 113), (-190, 150))

Target = Literal["spine", "lumbar", "discs"]


@dataclass(frozen=True, slots=True)
class Protocol:
    """One series; lengths in mm, times in ms.

    Attributes
    ----------
    role : Role
        What the series is, and so what the node should take it for.
    contrast : Contrast
    number : int
        Series Number.
    description : str
    slices, rows, columns : int
    pixel : float
        Pixel spacing, the same along rows and columns.
    spacing, thickness : float
        Between slices, and of a slice.
    centre : str
        What the stack is centred on: the whole lumbar spine ("spine"), L3/L4 ("lumbar") or the stretch from
        L1 to S1 ("discs").
    repetition_time, echo_time : float, optional
    echo_train : int, optional
    """

    role: Role
    contrast: Contrast
    number: int
    description: str
    slices: int
    rows: int
    columns: int
    pixel: float
    spacing: float
    thickness: float
    centre: Target
    repetition_time: float | None = None
    echo_time: float | None = None
    echo_train: int | None = None

    @property
    def sagittal(self) -> bool:
        """Whether the slices are sagittal; axial otherwise."""
        return self.role in (Role.MR_SAG_T1, Role.MR_SAG_T2)

    @property
    def modality(self) -> Literal["CT", "MR"]:
        """Modality (PS3.3 C.7.3.1.1.1)."""
        return "CT" if self.contrast is Contrast.CT else "MR"

    @property
    def steps(self) -> NDArray[np.float64]:
        """Distance between voxels along x, y, z."""
        along = (self.spacing, self.pixel, self.pixel)
        return np.array(along if self.sagittal else along[::-1])

    @property
    def counts(self) -> tuple[int, int, int]:
        """Voxels along x, y, z."""
        if self.sagittal:
            return self.slices, self.columns, self.rows
        return self.columns, self.rows, self.slices


def _sagittal(contrast: Contrast, number: int, times: tuple[float, float, int]) -> Protocol:
    role = Role.MR_SAG_T1 if contrast is Contrast.T1 else Role.MR_SAG_T2
    return Protocol(
        role,
        contrast,
        number,
        f"{contrast.upper()} TSE SAG LUMBAR",
        slices=16,
        rows=320,
        columns=224,
        pixel=0.9,
        spacing=4.4,
        thickness=4.0,
        centre="lumbar",
        repetition_time=times[0],
        echo_time=times[1],
        echo_train=times[2],
    )


def _ct(slices: int, matrix: int, pixel: float, spacing: float) -> Protocol:
    return Protocol(
        Role.CT,
        Contrast.CT,
        2,
        "LUMBAR SPINE AXIAL",
        slices=slices,
        rows=matrix,
        columns=matrix,
        pixel=pixel,
        spacing=spacing,
        thickness=spacing,
        centre="spine",
    )


MR = (
    _sagittal(Contrast.T1, 2, (600.0, 11.0, 3)),
    _sagittal(Contrast.T2, 3, (3600.0, 102.0, 17)),
    Protocol(
        Role.MR_AXIAL_T2,
        Contrast.T2,
        4,
        "T2 TSE TRA L1-S1",
        slices=28,
        rows=288,
        columns=288,
        pixel=0.8,
        spacing=6.5,
        thickness=5.0,
        centre="discs",
        repetition_time=4200.0,
        echo_time=96.0,
        echo_train=16,
    ),
)
SMALL = (_ct(108, 256, 1.0, 3.0), *MR)
FULL = (_ct(200, 512, 0.5, 1.6), *MR)


def place(protocol: Protocol, anatomy: Anatomy) -> Acquisition:
    """Set the stack on the patient, inside what was generated of him."""
    centre = _centre(protocol.centre, anatomy)
    extent = np.array(protocol.counts) * protocol.steps
    low, high = np.array(anatomy.grid.field_of_view, dtype=np.float64).T
    start = np.clip(centre - extent / 2, low, np.maximum(high - extent, low))
    x, y, z = (round(float(v), 1) for v in start - low)  # positions with one decimal, as scanners write them
    sx, sy, sz = (float(v) for v in protocol.steps)
    return Acquisition((sx, sy, sz), protocol.thickness, (x, y, z), protocol.counts)


def _centre(target: Target, anatomy: Anatomy) -> NDArray[np.float64]:
    centres = anatomy.body_centres
    middle: NDArray[np.float64] = centres[:5].mean(axis=0)
    if target == "lumbar":
        middle[2] = centres[[L3, L4], 2].mean()
    elif target == "discs":
        top = centres[L1, 2] + anatomy.spine.vertebrae[L1].half_height
        middle[2] = (top + anatomy.spine.sacrum[0].centre[2]) / 2
    return middle
