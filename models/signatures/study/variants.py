"""Which availability patterns a cohort can train, and on which patients."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.signatures.builders import absent
from models.signatures.description import VariantPlan
from models.signatures.errors import TrainingInputError
from models.signatures.table import LEAST_OF_A_CLASS, LEAST_PATIENTS, FeatureTable


@dataclass(frozen=True, eq=False)
class Trainable:
    """A variant and the patients who have its inputs, external ones among them."""

    plan: VariantPlan
    table: FeatureTable

    @property
    def training(self) -> FeatureTable:
        """The patients to train on."""
        return self.table.rows(~self.table.external)


def trainable(table: FeatureTable) -> tuple[list[Trainable], list[str]]:
    """Give the variants that there are enough patients for, the one to report first, and what was left out.

    The first is the most complete variant that at least half of the training patients have the inputs of;
    without such a one, that with the most patients.

    Raises
    ------
    TrainingInputError
        If there is none; says what the least demanding variant lacks.
    """
    found, notes = [], []
    for plan in table.description.variants:
        lacking = absent(plan, table.columns)
        one = None if lacking else Trainable(plan, table.rows(complete(table, plan)))
        if one is not None and _enough(one.training):
            found.append(one)
        else:
            notes.append(_why(plan, lacking, one))
    if not found:
        raise TrainingInputError(f"{table.description.name}: no model can be trained: {'; '.join(notes)}")
    half = (~table.external).sum() / 2
    first = next((one for one in found if len(one.training) >= half), None)
    first = first or max(found, key=lambda one: len(one.training))
    return [first, *(one for one in found if one is not first)], notes


def complete(table: FeatureTable, plan: VariantPlan) -> NDArray[np.bool_]:
    """Find the patients who have something of every block but the deep ones, and every measurement."""
    kept = np.ones(len(table), dtype=bool)
    blocks = [name.rpartition(".")[0] for name in table.features.columns]
    known = table.features.notna().to_numpy()
    for block in plan.blocks:
        if not block.endswith(".deep"):
            own = [i for i, name in enumerate(blocks) if name == block]
            kept &= known[:, own].any(axis=1)
    for name in plan.measurements:
        kept &= table.features[name].notna().to_numpy()
    return kept


def _enough(table: FeatureTable) -> bool:
    events = int(table.outcome.sum())
    return len(table) >= LEAST_PATIENTS and min(events, len(table) - events) >= LEAST_OF_A_CLASS


def _why(plan: VariantPlan, lacking: list[str], one: Trainable | None) -> str:
    if one is None:
        return f"variant {plan.name} needs {', '.join(lacking)}, which the table lacks"
    n, events = len(one.training), int(one.training.outcome.sum())
    return f"variant {plan.name}: {n} patients have all its inputs, {events} with the outcome; too few"
