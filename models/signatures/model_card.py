"""The model card of a trained predictor (after Mitchell et al. 2019), filled from what was measured."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from models.signatures.description import Description
from models.signatures.variables import CategoryVariable, NumberVariable

_NAMES: Final = {
    "radiomics": "Radiomics",
    "deep": "Deep features",
    "clinical": "Clinical",
    "combined": "Combined",
}
_SETS: Final = {
    "nested": "unseen (nested)",
    "external": "kept out of training",
    "paper": "papers' recipe, OPTIMISTIC",
    "in_sample": "seen, OPTIMISTIC",
}
DEMONSTRATION: Final = (
    "**DEMONSTRATION MODEL – trained on simulated patients.** Its probabilities say nothing about a real "
    "patient."
)
_FILES: Final = (
    "skops (no pickle) with a listed set of types; digests in manifest.json; figures in metrics.json and the "
    "report."
)


def model_card(manifest: Mapping[str, Any], metrics: Mapping[str, Any], description: Description) -> str:
    """Write MODEL_CARD.md.

    Parameters
    ----------
    manifest : mapping
        What `models.manifest.write_manifest` takes: `name`, `version`, `created`, `license`, `intended_use`,
        `training_data`, `settings` (`demonstration`, `profiles`).
    metrics : mapping
        metrics.json of the training; parts that were not measured may be absent.
    description : Description

    Returns
    -------
    str
        Markdown.
    """
    parts = (
        _head(manifest, metrics),
        _use(manifest, description),
        _inputs(description),
        _data(manifest, metrics),
        _figures(metrics),
        _limits(manifest, metrics, description),
        _files(manifest),
    )
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _head(manifest: Mapping[str, Any], metrics: Mapping[str, Any]) -> Iterator[str]:
    yield f"# {manifest['name']} {manifest['version']}"
    yield ""
    yield "**RESEARCH USE ONLY.** Not a medical device."
    if (manifest.get("settings") or {}).get("demonstration"):
        yield f"\n{DEMONSTRATION}"
    if not any(found.get("nested") for found in (metrics.get("models") or {}).values()):
        yield "\n**OPTIMISTIC FIGURES:** no estimate on unseen patients was made."


def _use(manifest: Mapping[str, Any], description: Description) -> Iterator[str]:
    outcome = description.outcome
    yield "## Use\n"
    yield f"- Predicts: {description.title}"
    yield f"- Outcome: {outcome.definition}"
    if outcome.mode:
        yield f"- Reading of the outcome: {outcome.mode} ({outcome.modes[outcome.mode]})"
    if outcome.cutoff is not None and outcome.cutoff.value is not None:
        yield f"- Cut-off: {outcome.cutoff.column} from {outcome.cutoff.value:g} ({outcome.cutoff.unit})"
    yield f"- Intended use: {manifest.get('intended_use') or description.intended_use}"
    yield "- Not for: patients unlike those below; a decision on this figure alone"
    limits = description.thresholds
    yield f"- Risk is called moderate from {limits.moderate:.0%} and high from {limits.high:.0%}"


def _inputs(description: Description) -> Iterator[str]:
    yield "## Inputs\n"
    for variant in description.variants:
        reads = ", ".join((*variant.blocks, *variant.measurements)) or "every numeric column of the table"
        yield f"- {variant.name}: {reads}"
    for name, variable in description.clinical.items():
        need = "required" if variable.required else "optional"
        yield f"- clinical {name} ({need}): {_allowed(variable)}"
    yield '- Where none of these is complete the answer is "not evaluable"'


def _allowed(variable: Any) -> str:
    if isinstance(variable, NumberVariable):
        return f"{variable.range[0]:g} to {variable.range[1]:g}, {variable.unit}"
    if isinstance(variable, CategoryVariable):
        return f"{', '.join(variable.values)}; compared with {variable.reference}"
    return "yes or no"


def _data(manifest: Mapping[str, Any], metrics: Mapping[str, Any]) -> Iterator[str]:
    yield "## Training data\n"
    yield f"- {manifest.get('training_data') or 'not described'}"
    if "n" in metrics:
        yield f"- {metrics['n']} patients, {metrics['events']} with the outcome"
    for name, site in (metrics.get("sites") or {}).items():
        yield f"- {name or 'unnamed site'}: {site['n']} patients, {site['events']} with the outcome"


def _figures(metrics: Mapping[str, Any]) -> Iterator[str]:
    yield "## Measured\n"
    yield f"Calls at a risk of {metrics.get('threshold', 0.5):.0%}. Only unseen and external patients count."
    yield ""
    yield "| model | patients | AUC (95 % CI) | sensitivity | specificity | Brier | slope | intercept |"
    yield "|---|---|---|---|---|---|---|---|"
    for model, found in (metrics.get("models") or {}).items():
        for set_, title in _SETS.items():
            if found.get(set_):
                yield _row(_NAMES.get(model, model), title, found[set_])


def _row(model: str, set_: str, found: Mapping[str, Any]) -> str:
    keys = ("sensitivity", "specificity", "brier", "calibration_slope", "calibration_intercept")
    cells = [
        model,
        set_,
        _interval(found.get("auc"), found.get("auc_ci")),
        *(_number(found.get(key)) for key in keys),
    ]
    return f"| {' | '.join(cells)} |"


def _interval(value: Any, ci: Sequence[Any] | None) -> str:
    known = ci is not None and all(limit is not None for limit in ci)
    return f"{_number(value)} ({ci[0]:.3f} to {ci[1]:.3f})" if known and ci else _number(value)


def _number(value: Any) -> str:
    return "–" if value is None else f"{value:.3f}"


def _limits(
    manifest: Mapping[str, Any], metrics: Mapping[str, Any], description: Description
) -> Iterator[str]:
    yield "## Limits\n"
    models = metrics.get("models") or {}
    if any(found.get("external") for found in models.values()):
        yield "- Patients kept out of training are of another hospital only if the report calls them external"
    else:
        yield "- No external validation: how it does at another hospital is not known"
    if len(metrics.get("sites") or {}) < 2:
        yield "- One site only"
    per_variable = metrics.get("events_per_variable")
    if per_variable is not None:
        yield f"- {per_variable:g} patients of the rarer class per weighted variable"
    if description.clinical and not description.required_clinical:
        yield "- Clinical variables that are not known are replaced by typical ones"
    if (manifest.get("settings") or {}).get("demonstration"):
        yield "- The effect was simulated; the figures say nothing about patients"
    for warning in metrics.get("warnings") or ():
        yield f"- {warning}"
    yield "- Figures per sex, age group or ethnicity were not computed"
    yield "- At a new site check the calibration first (`lumbar-node recalibrate`)"


def _files(manifest: Mapping[str, Any]) -> Iterator[str]:
    yield "## Files\n"
    yield _FILES
    profiles = (manifest.get("settings") or {}).get("profiles") or {}
    for name, digest in profiles.items():
        yield f"\nReads features of profile {name} (sha256 {str(digest)[:12]}…)."
    licence, created = (manifest.get(key, "not stated") for key in ("license", "created"))
    yield f"\nLicence: {licence}. Created: {created}."
