"""Try a segmenter on a volume in which there is nothing to be found."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from node.doctor.check import Check
from pipelines.errors import PipelineError, SegmentationError
from pipelines.segmentation import choices_from, segmenter_for
from pipelines.segmentation.segmenter import FAILED
from pipelines.types import Role, SourceSeries, Volume

SHAPE = (16, 32, 32)
SPACING = (4.0, 3.0, 3.0)  #: mm between slices, rows, columns


def tried(role: str, chosen: Mapping[str, Mapping[str, Any]], device: str) -> Check:
    """Load the segmenter of a role and run it; that it finds nothing is as it should be."""
    name = f"segmentation.{role}"
    try:
        segmenter = segmenter_for(Role(role), choices_from(chosen))
        model = segmenter.identity(device)
        segmenter.segment(_noise(Role(role)), device)
    except SegmentationError as error:
        if error.code == FAILED:
            return Check(name, "failed", str(error), f"correct the model, or {name}")
    except PipelineError as error:
        return Check(name, "failed", str(error), f"correct {name}, or what it names")
    return Check(name, "ok", f"{model.name} {model.version}, sha256 {model.digest[:12]}…, runs")


def _noise(role: Role) -> Volume:
    """Return axial slices of noise, in HU for CT."""
    voxels = np.random.default_rng(0).normal(100, 50, SHAPE).astype(np.float32)
    affine = np.zeros((4, 4))
    affine[[2, 1, 0, 3], [0, 1, 2, 3]] = *SPACING, 1.0  # slices towards the head, rows back, columns left
    series = SourceSeries("", "", "CT" if role is Role.CT else "MR", (), ())
    return Volume(voxels, affine, tuple(range(SHAPE[0])), role, series)
