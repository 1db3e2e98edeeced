"""Any MONAI bundle with a label map as a segmenter.

The bundle's own `preprocessing`, `network_def` (or `network`) and `inferer` do the work; its reading, writing
and postprocessing take no part: the winning channels are named by the label map.
"""

from collections.abc import Mapping
from typing import Any

import torch

from pipelines.errors import SegmentationError
from pipelines.segmentation.backends.bundle_files import read_bundle
from pipelines.segmentation.backends.bundle_load import BROKEN, LoadedBundle, load_bundle, prepare, told
from pipelines.segmentation.backends.fallback import on_device
from pipelines.segmentation.backends.files import identity_of, stamp_of
from pipelines.segmentation.backends.options import Options
from pipelines.segmentation.backends.slabs import classify
from pipelines.segmentation.backends.structures import segmentation_of
from pipelines.segmentation.network import choose_device
from pipelines.segmentation.segmenter import FAILED
from pipelines.types import ModelIdentity, Role, Segmentation, Volume


class MonaiBundle:
    """A MONAI bundle.

    Parameters
    ----------
    role : Role
    options : mapping
        `path`, the bundle's folder; `label_map`, a JSON file (see `label_map.read_label_map`) where the
        bundle's own metadata does not speak of our structures.
    """

    def __init__(self, role: Role, options: Mapping[str, Any]) -> None:
        given = Options(options)
        folder, label_map = given.required("path", "the folder of a MONAI bundle"), given.path("label_map")
        given.refuse_others()
        self._bundle = read_bundle(folder, label_map)

    def identity(self, device: str = "auto") -> ModelIdentity:
        """Return the bundle's name and version, and the digest of its files; it is loaded to that end."""
        self._loaded(str(choose_device(device)))
        return identity_of(self._bundle.name, self._bundle.version, stamp_of(self._bundle.used))

    def segment(self, volume: Volume, device: str = "auto") -> Segmentation:
        """Segment a volume; see `pipelines.segmentation.segmenter.Segmenter`."""
        return on_device(lambda where: self._segment(volume, where), device)

    def _segment(self, volume: Volume, device: str) -> Segmentation:
        loaded, bundle = self._loaded(device), self._bundle
        try:
            image, affine = prepare(loaded, volume)
            with torch.autocast(loaded.device.type, enabled=loaded.device.type == "cuda"):
                classes = classify(image, loaded.infer, bundle.label_map, bundle.outputs)
        except torch.OutOfMemoryError:
            raise
        except BROKEN as error:
            raise SegmentationError(FAILED, f"bundle {bundle.folder} broke down: {told(error)}") from error
        return segmentation_of(volume, classes, affine, bundle.label_map, self.identity(device))

    def _loaded(self, device: str) -> LoadedBundle:
        bundle = self._bundle
        return load_bundle(bundle.config, bundle.weights, stamp_of(bundle.used), device)
