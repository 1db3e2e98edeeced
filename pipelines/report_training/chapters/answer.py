"""The first page: what was asked, and the answer with everything that limits it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pipelines.report_training import theme
from pipelines.report_training.blocks import Answer, Block, Chapter, Fact, Notice, Text
from pipelines.report_training.numbers import count_of, figure, p_value, with_interval
from pipelines.report_training.study import Study

DEMONSTRATION: Final = (
    "DEMONSTRATION MODEL - trained on simulated patients: its figures say nothing about a real one."
)
OPTIMISTIC: Final = (
    "OPTIMISTIC: the figures below come from patients whom the model has seen, and are higher than what new "
    "patients will give."
)
NO_ROWS: Final = (
    "study/ is not beside the metrics: what needs patients' rows (curves, tables of patients) is left out."
)
MOST_WARNINGS: Final = 6
_WIDE: Final = 0.2  # of a confidence interval of the AUC


def answer(study: Study) -> Chapter:
    """Build the first page."""
    blocks: list[Block] = [_answer(study), *_notices(study)]
    definition = (study.metrics.get("outcome") or {}).get("definition")
    if definition:
        blocks.append(Text(f"Outcome: {definition}"))
    use = study.manifest.get("intended_use") or study.description.get("intended_use")
    if use:
        blocks.append(Text(f"Intended use: {use}"))
    return Chapter("answer", "Question and answer", tuple(blocks))


def headline_figures(study: Study) -> tuple[Mapping[str, Any], str]:
    """Give the figures that the first page states, and what kind of estimate they are."""
    model = study.of(study.headline)
    if not study.optimistic:
        return model["nested"], "internal estimate (nested cross-validation)"
    if model.get("paper"):
        return model["paper"], "OPTIMISTIC estimate (papers' recipe)"
    return model.get("in_sample") or {}, "OPTIMISTIC estimate (patients the model has seen)"


def _answer(study: Study) -> Answer:
    found, kind = headline_figures(study)
    metrics = study.metrics
    external = study.of(study.headline).get("external")
    sites = metrics.get("sites") or {}
    facts = [
        Fact("Patients", str(metrics["n"]), f"{len(sites)} sites" if len(sites) > 1 else "one site"),
        Fact("With the outcome", count_of(metrics["events"], metrics["n"])),
        _external_fact(study, external),
        Fact("Calibration slope", figure(found.get("calibration_slope")), "1 is right"),
    ]
    return Answer(
        question=f"Can {_lower(metrics['title'])} be predicted? {_sources(study)}",
        headline=f"AUC {with_interval(found.get('auc'), found.get('auc_ci'))}",
        kind=f"{kind}, {theme.name_of(study.headline).lower()} model",
        facts=tuple(facts),
        optimistic=study.optimistic,
    )


def _external_fact(study: Study, external: dict[str, Any] | None) -> Fact:
    if not external:
        return Fact("External validation", "none", "no other hospital's patients were given")
    scores = study.scores(study.headline, "external")
    detail = (
        f"{len(scores[0].outcome)} patients, {int(scores[0].outcome.sum())} with the outcome"
        if scores
        else ""
    )
    new, total = study.other_sites
    if new < total:
        detail += f"; {new} of them from other sites"
    name = "External AUC" if total and new == total else "AUC, kept out of training"
    return Fact(name, with_interval(external.get("auc"), external.get("auc_ci")), detail)


def _lower(title: str) -> str:
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]


def _sources(study: Study) -> str:
    words = {"radiomics": "radiomics", "deep": "deep features", "clinical": "clinical variables"}
    named = [words[model] for model in study.models if model in words]
    return f"From {' and '.join(filter(None, [', '.join(named[:-1]), named[-1]]))}." if named else ""


def _notices(study: Study) -> Iterator[Notice]:
    yield Notice("alarm", "RESEARCH USE ONLY. Not a medical device.")
    if study.demonstration:
        yield Notice("alarm", DEMONSTRATION)
    if study.optimistic:
        yield Notice("alarm", OPTIMISTIC)
    yield from _paper(study)
    if study.predictions is None:
        yield Notice("caution", NO_ROWS)
    yield from _doubts(study)
    warnings = [str(warning) for warning in study.metrics.get("warnings") or ()]
    for warning in warnings[:MOST_WARNINGS]:
        yield Notice("caution", warning)
    if len(warnings) > MOST_WARNINGS:
        more = len(warnings) - MOST_WARNINGS
        yield Notice("caution", f"{more} more warnings stand under How far to trust it.")


def _paper(study: Study) -> Iterator[Notice]:
    """Say what the papers' recipe would have claimed, where it was run beside the honest estimate."""
    model = study.of(study.headline)
    paper = model.get("paper")
    if paper and not study.optimistic:
        claimed, honest = (figure(one.get("auc")) for one in (paper, model["nested"]))
        text = (
            f"The papers' recipe, run for comparison, claims AUC {claimed} where the honest estimate is "
            f"{honest}. "
            "It is OPTIMISTIC: features were chosen with the very patients that then judge them."
        )
        yield Notice("alarm", text)


def _doubts(study: Study) -> Iterator[Notice]:
    """Say what the figures themselves give reason to doubt."""
    found, _ = headline_figures(study)
    low, high = found.get("auc_ci") or (None, None)
    if low is not None and low <= 0.5:
        yield Notice("caution", "The confidence interval reaches 0.5: no prediction is shown.")
    elif low is not None and high is not None and high - low > _WIDE:
        width = figure(high - low)
        yield Notice("caution", f"The confidence interval is {width} wide: more patients are needed.")
    yield from _chance(study.metrics.get("permutation"))
    if not study.optimistic:
        yield from _overfit(study)


def _chance(permutation: Mapping[str, Any] | None) -> Iterator[Notice]:
    if not permutation or not permutation.get("n") or (permutation.get("p") or 0) <= 0.05:
        return
    least = 1 / (1 + permutation["n"])
    if least > 0.05:
        text = f"{permutation['n']} permutations cannot show p below {p_value(least)}; run 99 or more."
        yield Notice("note", text)
    else:
        yield Notice("caution", f"Permutation test: p = {p_value(permutation['p'])}; it may be chance.")


def _overfit(study: Study) -> Iterator[Notice]:
    model = study.of(study.headline)
    seen, unseen = ((model.get(set_) or {}).get("auc") for set_ in ("in_sample", "nested"))
    if seen is not None and unseen is not None and seen - unseen > 0.1:
        text = (
            f"On the patients that it has seen the model reaches {figure(seen)}: {figure(seen - unseen)} of "
            "that "
            "is overfitting. Only the estimate on unseen patients counts."
        )
        yield Notice("note", text)
