"""Which series plays which role, and a verdict on every one."""

from collections.abc import Mapping, Sequence

from pipelines.dicom.attributes import integer, text
from pipelines.selection.ranking import best, why
from pipelines.selection.refusal import is_ct, refuse
from pipelines.selection.region import doubts
from pipelines.selection.traits import Traits, traits_of
from pipelines.selection.weighting import dixon_parts, weighting_of
from pipelines.types import Finding, Role, SeriesSelection, SeriesVerdict, SourceSeries

#: role of unknown weighting -> the roles that make it superfluous
FALLBACKS: dict[Role, tuple[Role, ...]] = {
    Role.MR_SAG: (Role.MR_SAG_T2, Role.MR_SAG_T1),
    Role.MR_AXIAL: (Role.MR_AXIAL_T2, Role.MR_AXIAL_T1, Role.MR_AXIAL_DIXON_WATER, Role.MR_AXIAL_DIXON_FAT),
}
KNOWN: dict[tuple[str | None, str | None], Role] = {
    ("sagittal", "T1"): Role.MR_SAG_T1,
    ("sagittal", "T2"): Role.MR_SAG_T2,
    ("sagittal", None): Role.MR_SAG,
    ("axial", "T1"): Role.MR_AXIAL_T1,
    ("axial", "T2"): Role.MR_AXIAL_T2,
    ("axial", None): Role.MR_AXIAL,
}


def select(series: Sequence[SourceSeries], excluded: Mapping[str, Finding] | None = None) -> SeriesSelection:
    """Choose the series for each role from geometry and acquisition, texts last.

    Parameters
    ----------
    series : sequence of SourceSeries
        Of one case; may come from several studies.
    excluded : mapping of str to Finding, optional
        Series Instance UID -> reason, for series that were chosen before and turned out unusable.

    Returns
    -------
    SeriesSelection
        Exactly one verdict per series, in their order. Codes of those that play no role: NOT_BEST, those of
        the exclusions, and SECONDARY, UNSUPPORTED_SOP, LOCALIZER, PROJECTION, SUBTRACTION, DERIVED_MAP,
        NO_GEOMETRY, NOT_LUMBAR, ECHO_PLANAR, ONE_SLICE, TOO_FEW_SLICES, OBLIQUE, NOT_AXIAL, CORONAL and
        FAT_IMAGE.

    Notes
    -----
    A series that holds the water and the fat images of one axial Dixon acquisition is chosen for both roles;
    its verdict names the water role.
    """
    known = excluded or {}
    looked_at = [traits_of(one) for one in series]
    refusals = [known.get(traits.series.series_uid) or refuse(traits) for traits in looked_at]
    usable = [traits for traits, refusal in zip(looked_at, refusals, strict=True) if refusal is None]
    winners = _winners(usable)
    verdicts = tuple(
        _verdict(traits, None, refusal) if refusal else _judged(traits, winners)
        for traits, refusal in zip(looked_at, refusals, strict=True)
    )
    return SeriesSelection({role: traits.series for role, traits in winners.items()}, verdicts)


def roles_of(traits: Traits) -> tuple[Role, ...]:
    """Return the roles that a usable series could play, the main one first."""
    if is_ct(traits):
        return (Role.CT,)
    if traits.view == "axial" and (parts := dixon_parts(traits)):
        water, fat = Role.MR_AXIAL_DIXON_WATER, Role.MR_AXIAL_DIXON_FAT
        return tuple(role for part, role in (("water", water), ("fat", fat)) if part in parts)
    return (KNOWN[traits.view, weighting_of(traits).known],)


def _winners(usable: Sequence[Traits]) -> dict[Role, Traits]:
    candidates: dict[Role, list[Traits]] = {}
    for traits in usable:
        for role in roles_of(traits):
            candidates.setdefault(role, []).append(traits)
    found = {role: best(candidates[role], role) for role in Role if role in candidates}
    return {role: traits for role, traits in found.items() if not _superfluous(role, found)}


def _superfluous(role: Role, found: Mapping[Role, Traits]) -> bool:
    return any(other in found for other in FALLBACKS.get(role, ()))


def _judged(traits: Traits, winners: Mapping[Role, Traits]) -> SeriesVerdict:
    roles = roles_of(traits)
    played = [role for role in roles if winners.get(role) is traits]
    if played:
        return _verdict(traits, played[0], Finding("CHOSEN", _describe(traits, played)))
    role = roles[0]
    if role in winners:
        reason = f"{winners[role].name} plays {role.value}: {why(winners[role], traits, role)}"
    else:
        other = next(role for role in FALLBACKS[role] if role in winners)
        reason = f"weighting not known, and {winners[other].name} plays {other.value}"
    return _verdict(traits, None, Finding("NOT_BEST", reason))


def _describe(traits: Traits, played: Sequence[Role]) -> str:
    names = " and ".join(role.value for role in played)
    size = f"{traits.slices} slices at {traits.spacing:.2f} mm, {traits.height:.0f} mm along the patient"
    return f"{names}: {traits.view}, {size}"


def _verdict(traits: Traits, role: Role | None, reason: Finding) -> SeriesVerdict:
    return SeriesVerdict(
        study_uid=traits.series.study_uid,
        series_uid=traits.series.series_uid,
        series_number=integer(traits.header, "SeriesNumber"),
        description=text(traits.header, "SeriesDescription"),
        role=role,
        reason=reason,
        warnings=_warnings(traits, role) if role else (),
    )


def _warnings(traits: Traits, role: Role) -> tuple[Finding, ...]:
    found = list(doubts(traits))
    if not traits.one_block:
        found.append(Finding("MIXED_STACKS", "several stacks in one series; the largest one is analysed"))
    if role is not Role.CT:
        weighting = weighting_of(traits)
        if weighting.known and weighting.from_text:
            found.append(
                Finding("WEIGHTING_TEXT", f"{weighting.known} weighting is known from the description only")
            )
        if weighting.fat_suppressed:
            found.append(
                Finding("FAT_SUPPRESSED", "fat is suppressed; fat infiltration cannot be measured on it")
            )
    return tuple(found)
