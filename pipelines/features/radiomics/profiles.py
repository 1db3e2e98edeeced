"""Extraction profiles: every choice that changes a feature's value, named, versioned and frozen."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from pipelines.errors import FeatureError

IMAGE_TYPES = ("Original", "Wavelet")
"""Of the shipped profiles. "LoG" is the third that there is; it needs setting `sigma`, widths in mm."""
FEATURE_CLASSES = ("firstorder", "shape", "glcm", "glszm", "glrlm", "ngtdm", "gldm")

OWN_SETTINGS = frozenset({"normalizeRegion", "edge", "engine", "resampledType"})
"""Settings that PyRadiomics does not have: see `Profile`."""

PREPARATION_SETTINGS = OWN_SETTINGS | {
    "normalize",
    "normalizeScale",
    "resampledPixelSpacing",
    "interpolator",
    "padDistance",
}
"""Settings that are done before PyRadiomics sees the crop, and so are not handed to it."""

ENGINE_SETTINGS = frozenset(
    {
        "binWidth",
        "binCount",
        "distances",
        "force2D",
        "force2Ddimension",
        "weightingNorm",
        "symmetricalGLCM",
        "gldm_a",
        "voxelArrayShift",
        "wavelet",
        "start_level",
        "level",
        "sigma",
        "resegmentRange",
        "resegmentMode",
        "resegmentShape",
    }
)

NEUTRAL_SETTINGS = frozenset(
    {
        "additionalInfo",
        "correctMask",
        "enableCExtensions",
        "geometryTolerance",
        "label",
        "minimumROIDimensions",
        "minimumROISize",
        "preCrop",
    }
)
"""PyRadiomics' settings that change no value; accepted, so that its parameter files can be handed over."""

_CHOICES = {
    "normalizeRegion": ("image", "labelled"),
    "edge": ("wrap", "mirror"),
    "engine": ("lumbar", "pyradiomics"),
    "resampledType": ("float", "image"),
    "resegmentMode": ("absolute", "relative", "sigma"),
}
"""What settings may be; the first is the default."""


@dataclass(frozen=True)
class Profile:
    """Everything that decides a feature's value besides the image and the mask.

    Attributes
    ----------
    name, version : str
        A profile never changes under its version.
    settings : mapping
        PyRadiomics' settings under PyRadiomics' names (spacings in x, y, z order) and four of ours:
        `normalizeRegion` ("image": mean and SD over the whole image, as PyRadiomics; "labelled": over all
        labelled voxels, whatever the field of view), `edge` ("wrap": a region at the volume's edge sees
        the opposite side in wavelet images, as in PyRadiomics; "mirror": it sees its own neighbourhood),
        `resampledType` ("float", or "image": interpolated values of an image of integers become integers,
        as in PyRadiomics) and `engine` ("lumbar": the node's own; "pyradiomics": the same values, many
        times slower).
    image_types, classes : tuple of str
    """

    name: str
    version: str
    settings: Mapping[str, Any]
    image_types: tuple[str, ...] = IMAGE_TYPES
    classes: tuple[str, ...] = FEATURE_CLASSES
    digest: str = field(init=False)  #: sha256 of the canonical JSON of all of the above, hexadecimal

    def __post_init__(self) -> None:
        _check(self.settings)
        object.__setattr__(self, "settings", MappingProxyType(dict(self.settings)))
        object.__setattr__(self, "digest", hashlib.sha256(self.canonical_json().encode()).hexdigest())

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel between processes, which the read-only view of the settings alone could not."""
        return Profile, (self.name, self.version, dict(self.settings), self.image_types, self.classes)

    @property
    def label(self) -> str:
        """Name and version as results show them, e.g. "paper@1"."""
        return f"{self.name}@{self.version}"

    @property
    def engine(self) -> str:
        """The engine that computes the features."""
        return str(self.settings.get("engine", "lumbar"))

    @property
    def engine_settings(self) -> dict[str, Any]:
        """The settings that PyRadiomics itself is given."""
        return {key: value for key, value in self.settings.items() if key in ENGINE_SETTINGS}

    def canonical_json(self) -> str:
        """Give the text that is digested: sorted keys, no spaces, ASCII."""
        content = {
            "name": self.name,
            "version": self.version,
            "settings": dict(self.settings),
            "image_types": self.image_types,
            "classes": self.classes,
        }
        return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _check(settings: Mapping[str, Any]) -> None:
    if unknown := sorted(set(settings) - PREPARATION_SETTINGS - ENGINE_SETTINGS):
        allowed = ", ".join(sorted(PREPARATION_SETTINGS | ENGINE_SETTINGS))
        raise FeatureError(
            "PROFILE_INVALID", f"profile setting {unknown[0]!r} is unknown; allowed: {allowed}"
        )
    for key, allowed_values in _CHOICES.items():
        if settings.get(key, allowed_values[0]) not in allowed_values:
            raise FeatureError(
                "PROFILE_INVALID",
                f"profile setting {key}={settings[key]!r} must be one of {', '.join(allowed_values)}",
            )


PAPER = Profile(
    "paper",
    "1",
    {
        "normalize": True,
        "normalizeRegion": "labelled",
        "normalizeScale": 100,
        "binWidth": 10,
        "resampledPixelSpacing": (1.0, 1.0, 3.0),
        "interpolator": "sitkLinear",
        "padDistance": 5,
        "edge": "mirror",
        "wavelet": "coif1",
    },
)
"""Zou et al. 2025: z-score, original and wavelet images; what they leave open is set in docs/decisions."""

HU = Profile(
    "hu",
    "1",
    {
        "binWidth": 25,
        "resampledPixelSpacing": (1.0, 1.0, 1.0),
        "interpolator": "sitkLinear",
        "padDistance": 5,
        "edge": "mirror",
        "wavelet": "coif1",
    },
)
"""CT only: Hounsfield units as they are, which a z-score would take away."""

PROFILES: Mapping[str, Profile] = MappingProxyType({profile.name: profile for profile in (PAPER, HU)})


def resolve(profile: str | Mapping[str, Any] | Profile) -> Profile:
    """Turn what a caller may give into a profile.

    Parameters
    ----------
    profile : str, mapping or Profile
        Name of a shipped profile, or PyRadiomics settings (image types and classes as shipped); None means
        not set, as in PyRadiomics.

    Raises
    ------
    FeatureError
        PROFILE_UNKNOWN or PROFILE_INVALID, naming the key and what is allowed.
    """
    if isinstance(profile, Profile):
        return profile
    if not isinstance(profile, str):
        chosen = {key: v for key, v in profile.items() if v is not None and key not in NEUTRAL_SETTINGS}
        return Profile("custom", "0", {"resampledType": "image", **chosen})
    if profile not in PROFILES:
        raise FeatureError(
            "PROFILE_UNKNOWN", f"no radiomics profile {profile!r}; known: {', '.join(PROFILES)}"
        )
    return PROFILES[profile]
