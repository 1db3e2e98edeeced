"""The segmenters that a settings file chooses, looked at before any work begins."""

from pathlib import Path

from node.errors import ConfigurationError
from node.settings import Settings
from pipelines.errors import ModelError
from pipelines.segmentation import choices_from, segmenter_for
from pipelines.types import Role, SegmenterChoice


def chosen(settings: Settings, file: Path) -> dict[Role, SegmenterChoice]:
    """Return who segments each role, but for the shipped networks.

    Raises
    ------
    ConfigurationError
        Naming the settings file, the key, and what is wrong with it or with a file that it names.
    """
    choices = choices_from(settings.segmentation.chosen)
    try:
        for role in choices:
            segmenter_for(role, choices)
    except ModelError as error:
        raise ConfigurationError(f"{file}: {error}") from None
    return choices
