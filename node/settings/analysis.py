"""Settings of what is done with a study: cases, segmenters, workers, results."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from node.settings.values import Device, Section


class Cases(Section):
    """How studies of one patient are paired."""

    pairing_days: int = Field(default=180, ge=0)
    clinical_dir: Path | None = None  #: <PatientID>.json with clinical variables


class Segmenter(BaseModel):
    """Who segments the series of one role; what else is given are the segmenter's own options."""

    model_config = ConfigDict(frozen=True, extra="allow", defer_build=True)

    backend: str = Field(default="shipped", min_length=1)


def _segmenter(value: Any) -> Any:
    """Let a name alone stand for a segmenter without options."""
    if isinstance(value, str):
        return {"backend": value}
    if not isinstance(value, dict | Segmenter):
        raise ValueError('give the name of a segmenter, or { backend = "name", … } with its options')
    return value


SegmenterChoice = Annotated[Segmenter, BeforeValidator(_segmenter)]


class Segmentation(Section):
    """Who segments each role (pipelines.types.Role)."""

    ct: SegmenterChoice = Segmenter()
    mr_sag_t1: SegmenterChoice = Segmenter()
    mr_sag_t2: SegmenterChoice = Segmenter()
    mr_sag: SegmenterChoice = Segmenter()
    mr_axial_t1: SegmenterChoice = Segmenter()
    mr_axial_t2: SegmenterChoice = Segmenter()
    mr_axial_dixon_water: SegmenterChoice = Segmenter()
    mr_axial_dixon_fat: SegmenterChoice = Segmenter()
    mr_axial: SegmenterChoice = Segmenter()

    @property
    def chosen(self) -> dict[str, dict[str, Any]]:
        """What is not the shipped network, by role: plain data, so that it travels between processes."""
        roles = {role: getattr(self, role) for role in type(self).model_fields}
        return {role: one.model_dump() for role, one in roles.items() if one != Segmenter()}


class Worker(Section):
    """How analyses are run."""

    processes: int = Field(default=1, ge=1)
    device: Device = "auto"  #: auto | cpu | cuda[:n]
    backbone: Path | None = None  #: folder of the deep features' network; None: the shipped one
    timeout_s: float = Field(default=3600, gt=0)
    memory_gib: float = Field(default=12, gt=0)
    gpu_memory_gib: float | None = Field(default=None, gt=0)  #: of one worker; None: all there is
    lease_s: float = Field(default=300, gt=0)
    max_attempts: int = Field(default=3, ge=1)
    retry_s: float = Field(default=30, ge=0)


class Results(Section):
    """What is written back."""

    title_mode: Literal["readable", "strict"] = "readable"
    pdf: bool = False
    overlay: bool = False
