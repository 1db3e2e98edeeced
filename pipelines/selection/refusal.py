"""Why a series plays no role: one ordered table of checks, the first that speaks decides."""

from collections.abc import Callable

from pydicom.uid import UID

from pipelines.dicom.attributes import text, texts
from pipelines.dicom.instance import CT_CLASSES, MR_CLASSES, sop_class
from pipelines.dicom.volume import MIN_AXIAL_MR_SLICES, MIN_SLICES
from pipelines.selection import words
from pipelines.selection.region import elsewhere
from pipelines.selection.traits import Traits
from pipelines.selection.weighting import dixon_parts, weighting_of
from pipelines.types import Finding

Check = Callable[[Traits], Finding | None]

SECONDARY_CAPTURE_PREFIX = "1.2.840.10008.5.1.4.1.1.7"
SCOUT_OPTIONS = frozenset({"SURVIEW", "SCOUT MODE", "SCOUT", "TOPOGRAM"})
SCOUT_MAX_SLICES = 9  #: a series that only its text calls a localiser is one if it is this short

#: values of Image Type (from the third on) that make a series unusable -> code, what it is
IMAGE_TYPES: tuple[tuple[frozenset[str], str, str], ...] = (
    (frozenset({"LOCALIZER"}), "LOCALIZER", "a localiser"),
    (
        frozenset({"SCREEN SAVE", "SCREENSAVE", "REF_SURVIEW", "REFORMATTED SCREEN"}),
        "SECONDARY",
        "a screen shot",
    ),
    (
        frozenset(
            {"PROJECTION IMAGE", "PROJECTION", "MIP", "MINIP", "MAX_IP", "MIN_IP", "MAXIMUM", "MINIMUM"}
        )
        | {"VOLUME_RENDER", "SURFACE_RENDER", "VRT", "SSD", "CURVED_MPR", "CURVED"},
        "PROJECTION",
        "a projection or rendering",
    ),
    (frozenset({"SUBTRACTION", "SUBTRACT", "SUB"}), "SUBTRACTION", "a subtraction"),
    (
        frozenset({"ADC", "FA", "TRACE", "TRACEW", "DIFFUSION", "PERFUSION", "RCBF", "RCBV", "MTT", "TTP"})
        | {"FF", "FAT_FRACTION", "R2STAR", "R2_STAR", "T2_STAR_MAP", "T1 MAP", "T2 MAP", "T1_MAP", "T2_MAP"}
        | {"PHASE", "P", "PHASE MAP", "VELOCITY", "REAL", "IMAGINARY", "OP", "OPP_PHASE", "OUT_PHASE"},
        "DERIVED_MAP",
        "a map or another image without anatomical contrast",
    ),
)


def refuse(traits: Traits) -> Finding | None:
    """Return the reason why a series cannot serve at all, or None."""
    return next((finding for check in CHECKS if (finding := check(traits))), None)


def is_ct(traits: Traits) -> bool:
    """Whether the series holds CT images."""
    return sop_class(traits.header) in CT_CLASSES


def _class(traits: Traits) -> Finding | None:
    uid = UID(sop_class(traits.header))
    if uid in CT_CLASSES or uid in MR_CLASSES:
        return None
    if uid.startswith(SECONDARY_CAPTURE_PREFIX):
        return Finding("SECONDARY", f"{uid.name}: a picture of images, not the images")
    return Finding("UNSUPPORTED_SOP", f"{uid.name} is not analysed; CT and MR images are")


def _image_type(traits: Traits) -> Finding | None:
    values = traits.common | ({traits.acquisition.projection} - {"", "NONE"})
    for refused, code, what in IMAGE_TYPES:
        if found := values & refused:
            return Finding(code, f"{what} (Image Type {', '.join(sorted(found))})")
    return None


def _scan_options(traits: Traits) -> Finding | None:
    options = {value.upper() for value in texts(traits.header, "ScanOptions")}
    if is_ct(traits) and options & SCOUT_OPTIONS:
        return Finding("LOCALIZER", f"a localiser (Scan Options {', '.join(sorted(options))})")
    return None


def _diffusion(traits: Traits) -> Finding | None:
    if "EP" in traits.acquisition.sequence or traits.b_values:
        return Finding("ECHO_PLANAR", "echo planar or diffusion images are too distorted to be measured")
    return None


def _place(traits: Traits) -> Finding | None:
    if not traits.located:
        return Finding("NO_GEOMETRY", "no image has a valid position, orientation and pixel spacing")
    return None


def _mixed_views(traits: Traits) -> Finding | None:
    if traits.view is None:
        return Finding("LOCALIZER", "images of several views in one series, as localisers have")
    return None


def _slices(traits: Traits) -> Finding | None:
    if traits.slices == 1:
        return Finding("ONE_SLICE", "a single slice is no volume")
    least = MIN_AXIAL_MR_SLICES if traits.view == "axial" and not is_ct(traits) else MIN_SLICES
    if traits.slices < least:
        return Finding("TOO_FEW_SLICES", f"{traits.slices} parallel slices; at least {least} are needed")
    return None


def _view(traits: Traits) -> Finding | None:
    if traits.view == "oblique":
        return Finding("OBLIQUE", "more than 45 degrees from every view")
    if is_ct(traits) and traits.view != "axial":
        return Finding("NOT_AXIAL", f"a {traits.view} reformat; the axial CT is analysed")
    if traits.view == "coronal":
        return Finding("CORONAL", "coronal MR is not analysed; sagittal and axial are")
    return None


def _fat_only(traits: Traits) -> Finding | None:
    if traits.view == "sagittal" and dixon_parts(traits) == {"fat"}:
        return Finding("FAT_IMAGE", "the fat image of a sagittal Dixon series; its other images are analysed")
    return None


def _scout_text(traits: Traits) -> Finding | None:
    """Refuse what its text calls a localiser, unless its acquisition or its length says otherwise."""
    short = traits.slices <= SCOUT_MAX_SLICES
    if not words.SCOUT.search(words.series_text(traits.header)) or not short or is_ct(traits):
        return None
    weighting = weighting_of(traits)
    if weighting.known and not weighting.from_text:
        return None
    description = text(traits.header, "SeriesDescription")
    return Finding("LOCALIZER", f"{traits.slices} slices called '{description}', of no known weighting")


CHECKS: tuple[Check, ...] = (
    _class,
    _image_type,
    _scan_options,
    _place,
    elsewhere,
    _diffusion,
    _mixed_views,
    _slices,
    _view,
    _fat_only,
    _scout_text,
)
