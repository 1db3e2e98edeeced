"""TotalSegmentator's networks as a segmenter, from weights that the site has.

Wasserthal et al. 2023, https://doi.org/10.1148/ryai.230024; D'Antonoli et al. 2025 (MR),
https://doi.org/10.1148/radiol.241613. Nothing is downloaded, and the package itself is not needed: see
docs/decisions/totalsegmentator-without-its-package.md.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import torch

from pipelines.errors import ModelError, SegmentationError
from pipelines.segmentation.backends.fallback import on_device
from pipelines.segmentation.backends.files import identity_of, stamp_of
from pipelines.segmentation.backends.label_map import LabelMap, label_map_of, read_label_map
from pipelines.segmentation.backends.nnunet import DATASET, Plan, Trained, load_trained, read_plan
from pipelines.segmentation.backends.nnunet_image import check_normalisation, prepare, window
from pipelines.segmentation.backends.options import Options
from pipelines.segmentation.backends.slabs import classify
from pipelines.segmentation.backends.structures import segmentation_of
from pipelines.segmentation.labels import LEVELS, SACRUM
from pipelines.segmentation.network import choose_device
from pipelines.segmentation.segmenter import FAILED
from pipelines.types import ModelIdentity, Role, Segmentation, Volume

_NUMBERED = {f"vertebrae_{level}": f"{level} vertebra" for level in LEVELS}
#: From TotalSegmentator's classes to our structures. Left out, because they are something else: autochthon
#: (all muscles of the back), iliopsoas (psoas and iliacus), spinal_cord (not the canal), and what lies above.
TASKS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "total": {**_NUMBERED, SACRUM: SACRUM, "vertebrae_S1": SACRUM},
        "total_mr": {"vertebrae": "vertebra", "intervertebral_discs": "disc", SACRUM: SACRUM},
        "vertebrae_mr": {**_NUMBERED, SACRUM: SACRUM},
    }
)


class TotalSegmentator:
    """A network of TotalSegmentator.

    Parameters
    ----------
    role : Role
    options : mapping
        `path`, the folder of the trained network (for `total` that of its vertebrae, Dataset292_…, or of the
        3 mm network, Dataset297_…; for `total_mr` that of its organs, Dataset850_…, or of the 3 mm network,
        Dataset852_…); `task`, by default `total` for CT and `total_mr` for MR; `label_map`, a JSON file for
        networks of other tasks.
    """

    def __init__(self, role: Role, options: Mapping[str, Any]) -> None:
        given = Options(options)
        path = given.required("path", "the folder of a trained network of TotalSegmentator")
        self._task = given.text("task") or ("total" if role is Role.CT else "total_mr")
        label_map = given.path("label_map")
        given.refuse_others()
        self._plan = read_plan(path)
        check_normalisation(self._plan)
        self._used = (*self._plan.used, *((label_map,) if label_map else ()))
        if label_map:
            self._label_map = read_label_map(label_map, self._plan.labels)
        else:
            self._label_map = _of_task(self._task, self._plan)

    def identity(self, device: str = "auto") -> ModelIdentity:
        """Return the task, what it was trained on, and the digest of its files; it is loaded to that end."""
        self._trained(str(choose_device(device)))
        return identity_of(f"TotalSegmentator {self._task}", self._plan.dataset, stamp_of(self._used))

    def segment(self, volume: Volume, device: str = "auto") -> Segmentation:
        """Segment a volume; see `pipelines.segmentation.segmenter.Segmenter`."""
        return on_device(lambda where: self._segment(volume, where), device)

    def _segment(self, volume: Volume, device: str) -> Segmentation:
        plan, trained = self._plan, self._trained(device)
        image, affine = prepare(plan, volume)
        image = image.to(trained.device)
        try:
            with torch.autocast(trained.device.type, enabled=trained.device.type == "cuda"):
                outputs = len(plan.labels)
                classes = classify(image, lambda x: window(plan, trained, x), self._label_map, outputs)
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:  # e.g. a patch that the strides do not divide
            raise SegmentationError(FAILED, f"{plan.folder} broke down: {error}") from error
        return segmentation_of(volume, classes, affine, self._label_map, self.identity(device))

    def _trained(self, device: str) -> Trained:
        return load_trained(self._plan.folder, stamp_of(self._plan.used), device)


def _of_task(task: str, plan: Plan) -> LabelMap:
    """Return the label map of a task for the part of it that a network was trained on."""
    if task not in TASKS:
        raise ModelError("SEGMENTER_OPTION", f"task: {task!r} is not known; allowed: {', '.join(TASKS)}")
    source = str(plan.folder / DATASET)
    found = {name: ours for name, ours in TASKS[task].items() if name in plan.labels.values()}
    if not found:
        raise ModelError(
            "LABEL_MAP",
            f"{source}: labels: nothing of task {task} ({', '.join(TASKS[task])}); take the part of the task"
            " that has the vertebrae, or give a label_map",
        )
    return label_map_of(plan.labels, source, found)
