"""Who segments: the plug-in point, and the registry by name.

A segmenter comes from a factory, which is found by the name of its entry point in the group GROUP. The
built-in ones are known without any entry point, so that a checkout that nobody installed has them too.
"""

from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Any, Protocol, cast

from pipelines.errors import ModelError
from pipelines.types import ModelIdentity, Role, Segmentation, SegmenterChoice, Volume

GROUP = "lumbar_node.segmenters"
_BACKENDS = "pipelines.segmentation.backends"
BUILT_IN: Mapping[str, EntryPoint] = MappingProxyType(
    {
        name: EntryPoint(name, f"{_BACKENDS}.{target}", GROUP)
        for name, target in (
            ("shipped", "shipped:Shipped"),
            ("monai-bundle", "bundle:MonaiBundle"),
            ("totalsegmentator", "totalsegmentator:TotalSegmentator"),
        )
    }
)
FAILED = "SEGMENTER_FAILED"  #: code of the SegmentationError of a back-end that broke down on a volume


class Segmenter(Protocol):
    """Segments the volumes of one role."""

    def identity(self, device: str = "auto") -> ModelIdentity:
        """Return what segments, without segmenting; its digest changes whenever the masks may change.

        Raises
        ------
        ModelError
            If the model's files are missing or damaged, or do not fit each other.
        """

    def segment(self, volume: Volume, device: str = "auto") -> Segmentation:
        """Segment a volume on a device ("auto", "cpu", "cuda", "cuda:1").

        Raises
        ------
        SegmentationError
            If no plausible structures are found.
        ModelError
            As for `identity`.
        """


#: Makes the segmenter of a role from its options. It raises a ModelError for whatever can be seen to be wrong
#: without loading the model: `lumbar-node config check` calls it.
Factory = Callable[[Role, Mapping[str, Any]], Segmenter]


def registered() -> Mapping[str, EntryPoint]:
    """Return every segmenter that is installed, by name; the built-in ones cannot be replaced."""
    return {**{point.name: point for point in entry_points(group=GROUP)}, **BUILT_IN}


def segmenter_for(role: Role, choices: Mapping[Role, SegmenterChoice]) -> Segmenter:
    """Make the segmenter that is chosen for a role; the shipped network where none is.

    Raises
    ------
    ModelError
        NO_SEGMENTER if there is none of that name; else what its factory finds. The message begins with
        the key of the settings.
    """
    choice = choices.get(role, SegmenterChoice())
    try:
        return _factory(choice.backend)(role, choice.options)
    except ModelError as error:
        raise ModelError(error.code, f"segmentation.{role}: {error}") from None


def choices_from(plain: Mapping[str, Mapping[str, Any]]) -> dict[Role, SegmenterChoice]:
    """Read choices given as {role: {"backend": name, option: value …}}, as the settings give them."""
    return {
        Role(role): SegmenterChoice(
            str(values["backend"]), {key: value for key, value in values.items() if key != "backend"}
        )
        for role, values in plain.items()
    }


def _factory(name: str) -> Factory:
    point = BUILT_IN.get(name) or registered().get(name)
    if point is None:
        allowed = ", ".join(sorted(registered()))
        raise ModelError("NO_SEGMENTER", f"no segmenter is called {name!r}; there are {allowed}")
    try:
        return cast("Factory", point.load())
    except (ImportError, AttributeError) as error:
        raise ModelError(
            "NO_SEGMENTER",
            f"segmenter {name!r} ({point.value}) cannot be loaded: {error}; install its package again",
        ) from None
