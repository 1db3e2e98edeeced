"""Who the patients were."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipelines.report_training.blocks import Block, Chapter, Picture, Table, Text
from pipelines.report_training.chapters.baseline import baseline_table
from pipelines.report_training.figures.cohort import (
    MOST_BARS,
    drift_figure,
    flow_figure,
    grouped,
    missing_figure,
    scanner_text,
)
from pipelines.report_training.numbers import count_of, figure
from pipelines.report_training.study import Study

Step = Mapping[str, Any]

_OUTCOMES = {0: "Without the outcome", 1: "With the outcome"}
_SPLITS = {"train": "Training", "test": "Test", "validation": "Validation", "external": "External"}


def patients(study: Study) -> Chapter:
    """Build the chapter on the cohort."""
    blocks: list[Block] = [*_flow(study), *_sites(study), *_baseline(study), *_missing(study), *_drift(study)]
    return Chapter("patients", "Patients", tuple(blocks))


def _flow(study: Study) -> Iterator[Block]:
    steps, branches = flow_parts(study.cohort.get("flow") or ())
    if steps:
        yield Picture(
            "flow",
            lambda: flow_figure(steps, branches),
            "Flow of patients into the study.",
            "; ".join(f"{one['step']}: {one['n']}" for one in (*steps, *branches)),
        )
    training = branches[0]["n"] if branches else steps[-1]["n"] if steps else study.metrics["n"]
    if training != study.metrics["n"]:
        name = study.metrics.get("variant", "the reported one")
        yield Text(
            f"{study.metrics['n']} of these {training} have all inputs of the reported model ({name})."
        )


def flow_parts(flow: Sequence[Step]) -> tuple[Sequence[Step], Sequence[Step]]:
    """Divide the recorded flow into steps, and the parts for training and external that they end in."""
    if len(flow) > 2 and "external" in flow[-1]["step"]:
        return flow[:-2], flow[-2:]
    return flow, ()


def _sites(study: Study) -> Iterator[Block]:
    sites: Mapping[str, Any] = study.metrics.get("sites") or {}
    if len(sites) > 1:
        rows = tuple((name, str(one["n"]), count_of(one["events"], one["n"])) for name, one in sites.items())
        yield Table(("Site", "Patients", "With the outcome"), rows, "Patients of the training set by site.")


def _baseline(study: Study) -> Iterator[Block]:
    if study.clinical is None:
        return
    by_outcome = baseline_table(
        study.clinical, "outcome", _OUTCOMES, study.description, "Baseline by outcome, all patients."
    )
    if by_outcome is None:
        yield Text("No clinical variables were given; there is no baseline table.")
    else:
        yield by_outcome
    if "split" in study.clinical:
        present = [value for value in study.clinical["split"].dropna().unique() if value not in _SPLITS]
        names = _SPLITS | {value: str(value) for value in present}
        table = baseline_table(
            study.clinical, "split", names, study.description, "Baseline by part of the data."
        )
        if table is not None:
            yield table


def _missing(study: Study) -> Iterator[Block]:
    if "missing" not in study.cohort:
        return
    lacking = {name: float(share) for name, share in study.cohort["missing"].items() if share}
    if not lacking:
        yield Text("No value is missing in any column.")
        return
    shown = f"; the {MOST_BARS} groups that lack most are shown" if len(grouped(lacking)) > MOST_BARS else ""
    plural = "columns lack" if len(lacking) > 1 else "column lacks"
    yield Picture(
        "missing",
        lambda: missing_figure(lacking),
        f"{len(lacking)} {plural} values{shown}. They are filled inside each fold, from its training "
        "patients.",
        f"{len(lacking)} {plural} values.",
    )


def _drift(study: Study) -> Iterator[Block]:
    drift: Mapping[str, Any] = study.cohort.get("drift") or {}
    known = {
        name: one for name, one in drift.items() if isinstance(one, Mapping) and one.get("psi") is not None
    }
    if known:
        told = "; ".join(f"{scanner_text(name, one)} {figure(one['psi'])}" for name, one in known.items())
        yield Picture(
            "drift",
            lambda: drift_figure(known),
            "Do the features of each scanner lie where those of the others do? Median over the features; the "
            "small line is what two samples of these sizes from one population would have.",
            told,
        )
