"""Segmentation: one way in for every role, with room for other segmenters."""

from pipelines.segmentation.backends.shipped import SHIPPED
from pipelines.segmentation.network import choose_device
from pipelines.segmentation.segmenter import Segmenter, choices_from, segmenter_for
from pipelines.types import ModelIdentity, Role, Segmentation, Volume


def segment(volume: Volume, device: str = "auto") -> Segmentation:
    """Segment `volume` by its role with the shipped network.

    Raises
    ------
    SegmentationError
        If no plausible structures are found.
    ModelError
        If the network's file is missing or damaged.
    """
    return segmenter_for(volume.role, {}).segment(volume, device)


def identity(role: Role, device: str = "auto") -> ModelIdentity:
    """Return what segments `role` where nothing else is chosen, without segmenting."""
    return segmenter_for(role, {}).identity(device)


__all__ = ["SHIPPED", "Segmenter", "choices_from", "choose_device", "identity", "segment", "segmenter_for"]
