"""The shipped networks as a segmenter."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from pipelines.segmentation.axial import segment_axial
from pipelines.segmentation.backends.options import Options
from pipelines.segmentation.ct import segment_ct
from pipelines.segmentation.network import load_network
from pipelines.segmentation.sagittal import segment_sagittal
from pipelines.types import AXIAL_MR_ROLES, SAGITTAL_ROLES, ModelIdentity, Role, Segmentation, Volume

Segment = Callable[[Volume, str], Segmentation]

#: What segments each role, and the networks of models/weights that it uses, the naming one first.
SHIPPED: Mapping[Role, tuple[Segment, tuple[str, ...]]] = MappingProxyType(
    {
        Role.CT: (segment_ct, ("ct", "vertebra")),
        **dict.fromkeys(SAGITTAL_ROLES, (segment_sagittal, ("sagittal",))),
        **dict.fromkeys(AXIAL_MR_ROLES, (segment_axial, ("axial",))),
    }
)


class Shipped:
    """The shipped network of a role; takes no options."""

    def __init__(self, role: Role, options: Mapping[str, Any]) -> None:
        Options(options).refuse_others()
        self._segment, self._networks = SHIPPED[role]

    def identity(self, device: str = "auto") -> ModelIdentity:
        """Return the network's identity; its digest covers every network that takes part."""
        identities = [load_network(name, device).identity for name in self._networks]
        if len(identities) == 1:
            return identities[0]
        digest = hashlib.sha256(" ".join(one.digest for one in identities).encode()).hexdigest()
        return replace(identities[0], digest=digest)

    def segment(self, volume: Volume, device: str = "auto") -> Segmentation:
        """Segment a volume; see `pipelines.segmentation.segmenter.Segmenter`."""
        return replace(self._segment(volume, device), model=self.identity(device))
