"""Segmentation: one way in for every role, with room for other segmenters."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from pipelines.segmentation.axial import segment_axial
from pipelines.segmentation.ct import segment_ct
from pipelines.segmentation.network import choose_device, load_network
from pipelines.segmentation.sagittal import segment_sagittal
from pipelines.types import AXIAL_MR_ROLES, SAGITTAL_ROLES, ModelIdentity, Role, Segmentation, Volume

#: Segments a volume on a device ("auto", "cpu", "cuda"); raises SegmentationError if implausible.
Segmenter = Callable[[Volume, str], Segmentation]

SHIPPED: Mapping[Role, Segmenter] = MappingProxyType(
    {
        Role.CT: segment_ct,
        **dict.fromkeys(SAGITTAL_ROLES, segment_sagittal),
        **dict.fromkeys(AXIAL_MR_ROLES, segment_axial),
    }
)

_NETWORKS = {
    Role.CT: "ct",
    **dict.fromkeys(SAGITTAL_ROLES, "sagittal"),
    **dict.fromkeys(AXIAL_MR_ROLES, "axial"),
}


def segment(volume: Volume, device: str = "auto") -> Segmentation:
    """Segment `volume` by its role with the shipped network.

    Raises
    ------
    SegmentationError
        If no plausible structures are found.
    ModelError
        If the network's file is missing or damaged.
    """
    return SHIPPED[volume.role](volume, device)


def identity(role: Role, device: str = "auto") -> ModelIdentity:
    """Return what segments `role`, without segmenting."""
    return load_network(_NETWORKS[role], device).identity


__all__ = ["SHIPPED", "Segmenter", "choose_device", "identity", "segment"]
