"""How far the estimate can be trusted: chance, cohort size, sites, and the papers' recipe beside it."""

from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.report_training import theme
from pipelines.report_training.blocks import Block, Bullets, Chapter, Heading, Notice, Picture, Table, Text
from pipelines.report_training.chapters.answer import MOST_WARNINGS
from pipelines.report_training.figures.sites import forest_figure
from pipelines.report_training.figures.trust import trust_figure
from pipelines.report_training.numbers import figure, p_value, with_interval
from pipelines.report_training.study import Study


def trust(study: Study) -> Chapter:
    """Build the chapter."""
    blocks: list[Block] = [*_chance(study), *_sites(study), *_recipes(study), *_warnings(study)]
    per_variable = study.metrics.get("events_per_variable")
    if per_variable is not None:
        blocks.append(Text(f"Events per variable of the final model: {figure(per_variable, 1)}."))
    return Chapter("trust", "How far to trust it", tuple(blocks))


def _chance(study: Study) -> Iterator[Block]:
    permutation = study.metrics.get("permutation")
    learning = [one for one in study.metrics.get("learning_curve") or () if one.get("auc") is not None]
    if not permutation and not learning:
        yield Text("Neither a permutation test nor a learning curve was asked for (--permutations).")
        return
    auc = (study.of(study.headline).get("nested") or {}).get("auc")
    told = f"Permutation test p = {p_value(permutation.get('p'))}. " if permutation else ""
    curve = "; ".join(f"n = {one['n']}: {figure(one['auc'])}" for one in learning)
    yield Picture(
        "trust",
        lambda: trust_figure(permutation, learning, auc, theme.colour_of(study.headline)),
        "Left: the whole procedure run anew on shuffled outcomes; true outcomes must stand clear of it. "
        "Right: "
        "AUC on unseen patients by the number of patients in training; a rising end says that more would "
        "help."
        if permutation and learning
        else "The whole procedure run anew on shuffled outcomes; true outcomes must stand clear of it."
        if permutation
        else "AUC on unseen patients by the number of patients in training.",
        told + curve,
    )


def _sites(study: Study) -> Iterator[Block]:
    sites: Mapping[str, Any] = study.of(study.headline).get("sites") or {}
    if len(sites) < 2:
        yield Text("All patients come from one site: how the model does at another hospital is not known.")
        return
    found = study.of(study.headline).get("nested") or {}
    overall = ("All, nested", {"n": study.metrics["n"], "events": study.metrics["events"], **found})
    yield Picture(
        "sites",
        lambda: forest_figure(list(sites.items()), overall, theme.colour_of(study.headline)),
        "Leave one site out: each site's patients, scored by a model trained on the other sites.",
        "; ".join(
            f"{name} {with_interval(one.get('auc'), one.get('auc_ci'))}" for name, one in sites.items()
        ),
    )


def _recipes(study: Study) -> Iterator[Block]:
    """Set the papers' recipe beside the nested estimate where both were run."""
    rows = []
    for model in study.models:
        found = study.of(model)
        nested, paper = found.get("nested") or {}, found.get("paper") or {}
        if nested.get("auc") is not None and paper.get("auc") is not None:
            rows.append(
                (
                    theme.name_of(model),
                    with_interval(nested["auc"], nested.get("auc_ci")),
                    with_interval(paper["auc"], paper.get("auc_ci")),
                    figure(paper["auc"] - nested["auc"]),
                )
            )
    if rows:
        heads = ("Model", "Nested (honest)", "Papers' recipe (optimistic)", "Difference")
        yield Table(
            heads, tuple(rows), "The same patients by both recipes: AUC (95 % CI).", widths=(1.4, 2, 2, 1)
        )
        yield Notice("alarm", "The papers' recipe is OPTIMISTIC: it is shown for comparison only.")


def _warnings(study: Study) -> Iterator[Block]:
    warnings = tuple(map(str, study.metrics.get("warnings") or ()))
    if len(warnings) > MOST_WARNINGS:
        yield Heading("Further warnings of the training")
        yield Bullets(warnings[MOST_WARNINGS:])
