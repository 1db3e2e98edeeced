"""Is the lumbar spine in the picture? Refused only where that is sure; the rest is for the segmentation."""

from pipelines.dicom.attributes import text
from pipelines.selection import words
from pipelines.selection.traits import Traits
from pipelines.selection.words import Region
from pipelines.types import Finding

LONG = 450.0  #: mm along the patient; nobody scans a head or a chest alone that long
SMALL = 280.0  #: mm; an image this narrow shows a head or a joint whole, but no trunk


def region_of(traits: Traits) -> Region:
    """Weigh the header's statements: the series' own texts, then the body part, then the study's texts."""
    header = traits.header
    for region in (words.region_of_series, words.region_of_body_part, words.region_of_study):
        if (found := region(header)) is not Region.UNKNOWN:
            return found
    return Region.UNKNOWN


def elsewhere(traits: Traits) -> Finding | None:
    """Refuse (NOT_LUMBAR) what surely shows another part of the body.

    Body Part Examined decides unless the series is very long or its texts name the lumbar spine; without it
    the texts decide only about images that are too small to show a trunk.
    """
    header = traits.header
    series, study = words.region_of_series(header), words.region_of_study(header)
    body = words.region_of_body_part(header)
    if traits.height >= LONG or Region.LUMBAR in (series, study) or series is Region.TRUNK:
        return None
    if body is Region.ELSEWHERE:
        shown = text(header, "BodyPartExamined") or "coded anatomic region"
        return Finding("NOT_LUMBAR", f"the body part examined is '{shown}'")
    if body is Region.UNKNOWN and min(series, study) is Region.ELSEWHERE and traits.width < SMALL:
        if study is Region.TRUNK:
            return None
        return Finding("NOT_LUMBAR", f"described as another body part, and only {traits.width:.0f} mm wide")
    return None


def doubts(traits: Traits) -> tuple[Finding, ...]:
    """Warn where the header's statements about the body part contradict each other or the choice."""
    header = traits.header
    found = {words.region_of_series(header), words.region_of_body_part(header), words.region_of_study(header)}
    if Region.ELSEWHERE not in found:
        return ()
    return (Finding("BODY_PART", "the header names another part of the body; the image itself decides"),)
