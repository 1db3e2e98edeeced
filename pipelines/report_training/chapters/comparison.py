"""What is better than what: the models against each other, and against readers."""

from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.report_training import theme
from pipelines.report_training.blocks import Block, Chapter, Table
from pipelines.report_training.numbers import figure, interval, p_value
from pipelines.report_training.study import Study

_SETS = {"nested": "unseen", "external": "kept out", "in_sample": "seen", "paper": "papers' recipe"}


def comparison(study: Study) -> Chapter:
    """Build the chapter; empty of blocks where nothing was compared."""
    return Chapter("comparison", "Comparisons", (*_models(study), *_readers(study)))


def _models(study: Study) -> Iterator[Block]:
    found = study.metrics.get("comparisons") or ()
    if not found:
        return
    rows = tuple(
        (
            f"{theme.name_of(one['a'])} − {theme.name_of(one['b'])}",
            _SETS.get(one["set"], one["set"]),
            figure(one["auc_difference"], 3),
            interval(one.get("ci"), 3),
            figure(one.get("z")),
            p_value(one.get("p")),
        )
        for one in sorted(found, key=lambda one: (one["set"] != "nested", one["a"] != study.headline))
    )
    yield Table(
        ("Models", "Patients", "Difference of AUC", "95 % CI", "z", "p"),
        rows,
        "Models against each other (DeLong's test, two-sided).",
        "Out-of-fold probabilities of the same patients. They come from models fitted on overlapping "
        "patients: "
        "take p as a guide. Not corrected for the number of comparisons.",
        (2.3, 1.1, 1.3, 1.6, 0.8, 0.8),
    )


def _readers(study: Study) -> Iterator[Block]:
    found: Mapping[str, Any] = study.metrics.get("readers") or {}
    rows = [row for reader in found.get("readers") or () for row in _reader(reader)]
    if rows:
        agreement = "; ".join(
            f"{one['a']} and {one['b']}: κ = {figure(one.get('kappa'))}"
            for one in found.get("agreement") or ()
        )
        yield Table(
            ("Reader", "Sens.", "Spec.", "Accuracy", "κ with outcome", "κ with reader", "McNemar p"),
            tuple(rows),
            "Readers and the model on the same patients.",
            "The model calls as many patients as the reader beside whom it stands, so that neither gains "
            "by being "
            "freer with calls. κ: agreement beyond chance (Cohen). "
            + (f"Agreement of readers: {agreement}." if agreement else ""),
            (2.2, 1, 1, 1, 1.2, 1.2, 1.1),
        )


def _reader(reader: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    keys = ("sensitivity", "specificity", "accuracy", "kappa_outcome")
    yield (f"{reader['reader']} (n = {reader['n']})", *(figure(reader.get(key)) for key in keys), "", "")
    model = reader.get("model")
    if model:
        own = (*(figure(model.get(key)) for key in keys), figure(model.get("kappa_reader")))
        yield ("   the model beside", *own, p_value(model.get("mcnemar_p")))
