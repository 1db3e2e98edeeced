"""What the output channels of somebody else's network are, in our words.

A structure is a fixed SegmentLabel (docs/dicom-results.md), or one of KINDS where one channel holds all
vertebrae or all discs: they are told apart and counted here.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pipelines.dicom.structures import structure_of
from pipelines.errors import ModelError, PipelineError
from pipelines.segmentation.labels import SACRUM

VERTEBRA, BODY, DISC = KINDS = ("vertebra", "vertebral body", "disc")
BACKGROUND = "background"
FILE = "label_map.json"
MOST_CHANNELS = 254  #: so that a class fits a byte, with one value to spare
EXAMPLE = '{"structures": {"1": "L5 vertebra", "2": "sacrum"}}'

Activation = Literal["softmax", "sigmoid"]


@dataclass(frozen=True)
class LabelMap:
    """Output channels and what they show.

    Attributes
    ----------
    structures : mapping of int to str
        Channel to SegmentLabel or kind; channels that are not named are ignored.
    channels : int
        How many of the channels, from the first, compete for a voxel.
    activation : {"softmax", "sigmoid"}
        Whether channels exclude each other, background among them, or each answers for itself.
    """

    structures: Mapping[int, str] = field(default_factory=dict)
    channels: int = 0
    activation: Activation = "softmax"

    @property
    def counts_from_sacrum(self) -> bool:
        """Whether there is a sacrum to count levels from."""
        return SACRUM in self.structures.values()


def label_map_of(
    known: Mapping[int, str],
    source: str,
    structures: Mapping[str, str] | None = None,
    *,
    channels: object = None,
    activation: object = "softmax",
) -> LabelMap:
    """Check and make a label map.

    Parameters
    ----------
    known : mapping of int to str
        What each channel is in the network's own words; empty where it does not say.
    source : str
        Where a mistake is to be corrected: a file's path.
    structures : mapping of str to str, optional
        From the network's words, or channel numbers, to ours. Without: its words must be ours, but for the
        background.
    channels, activation
        Of the LabelMap; every channel by default.

    Raises
    ------
    ModelError
        LABEL_MAP, with the source and the entry.
    """
    if structures is None:
        found = {k: name for k, name in known.items() if name.lower() != BACKGROUND}
    else:
        found = {_channel(key, known, source): name for key, name in structures.items()}
    if not found:
        raise ModelError("LABEL_MAP", f"{source}: names no structure; for example {EXAMPLE}")
    for channel, name in found.items():
        _check_name(channel, name, source)
    if {VERTEBRA, BODY} & set(found.values()) and DISC not in found.values():
        raise ModelError(
            "LABEL_MAP",
            f"{source}: {VERTEBRA!r} or {BODY!r} without {DISC!r}: vertebrae of one channel are told apart by"
            " the discs; map a channel to 'disc'",
        )
    if activation not in ("softmax", "sigmoid"):
        raise ModelError(
            "LABEL_MAP", f"{source}: activation: softmax or sigmoid are allowed (given: {activation!r})"
        )
    return LabelMap(found, _competing(channels, found, known, source), activation)


def read_label_map(path: Path, known: Mapping[int, str], activation: str = "softmax") -> LabelMap:
    """Read a site's label map, a JSON object as in EXAMPLE; see `label_map_of`.

    Besides "structures" it may say "activation" ("softmax" or "sigmoid", else as given) and how many of the
    "channels", from the first, compete for a voxel.
    """
    values = read_json(path)
    if not isinstance(values.get("structures"), dict):
        raise ModelError("LABEL_MAP", f'{path}: "structures" is missing; for example {EXAMPLE}')
    others = sorted(set(values) - {"structures", "activation", "channels"})
    if others:
        raise ModelError(
            "LABEL_MAP", f"{path}: unknown key {', '.join(others)}; allowed: structures, activation, channels"
        )
    return label_map_of(known, str(path), **{"activation": activation, **values})


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises
    ------
    ModelError
        MODEL_FILES, with the path.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError("MODEL_FILES", f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise ModelError("MODEL_FILES", f"{path}: not valid JSON: {error}") from None
    if not isinstance(values, dict):
        raise ModelError("MODEL_FILES", f"{path}: not a JSON object")
    return values


def _channel(key: str, known: Mapping[int, str], source: str) -> int:
    """Return the channel that a key of "structures" means: its number, or what the network calls it."""
    named = [channel for channel, name in known.items() if name == key]
    if named:
        return named[0]
    if key.isdecimal() and (int(key) in known or not known):
        return int(key)
    there = ", ".join(f"{channel} ({name})" for channel, name in known.items()) or "numbers only"
    raise ModelError(
        "LABEL_MAP", f"{source}: structures.{key}: the network has no such channel; it has {there}"
    )


def _check_name(channel: int, name: object, source: str) -> None:
    if name in KINDS:
        return
    try:
        structure_of(str(name))
    except PipelineError:
        raise ModelError(
            "LABEL_MAP",
            f"{source}: channel {channel}: {name!r} is no structure that this node knows; allowed are"
            " 'L1 vertebra' … 'L5 vertebra', 'L1 vertebral body' …, 'L4-L5 disc' …, 'sacrum',"
            f" 'spinal canal', 'left multifidus' …, {', '.join(map(repr, KINDS))}, and"
            " 'vertebra 1 (level not determined)' …;"
            f" leave out what is something else, in a {FILE}",
        ) from None


def _competing(channels: object, found: Mapping[int, str], known: Mapping[int, str], source: str) -> int:
    """Return how many channels compete for a voxel."""
    value = max([*known, *found]) + 1 if channels is None else channels
    if not isinstance(value, int) or not max(found) < value <= MOST_CHANNELS:
        raise ModelError(
            "LABEL_MAP",
            f"{source}: channels: a number above {max(found)}, the last that is mapped, and at most"
            f" {MOST_CHANNELS} (given: {value!r})",
        )
    return value
