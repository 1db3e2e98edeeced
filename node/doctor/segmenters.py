"""Whether the segmenters that the settings choose besides the shipped networks load and run."""

from collections.abc import Iterator

from node.doctor.check import Check
from node.settings import Settings


def segmenters(settings: Settings) -> Iterator[Check]:
    """Load each segmenter, and run it once on noise: whatever is wrong shall show before the first study."""
    chosen = settings.segmentation.chosen
    if not chosen:
        yield Check("segmentation", "ok", "the shipped networks, for every role")
        return
    from node.doctor.trial import tried  # noqa: PLC0415 - slow, and the other checks shall be seen first

    for role in chosen:
        yield tried(role, chosen, settings.worker.device)
