"""The model card of a demonstration predictor, filled with what was measured."""

from collections.abc import Mapping
from typing import Any, Final

from models.signatures.description import Description

INTENDED_USE: Final = (
    "Demonstration of the node's way from images to a risk. DEMONSTRATION MODEL - trained on simulated "
    "patients; says nothing about a real patient. Research use only; to be replaced by a model that a site "
    "trains on its own patients."
)

_CARD: Final = """\
# {name}: demonstration predictor

**DEMONSTRATION MODEL – trained on simulated patients.** Its probabilities say nothing about a real patient.

- Target: {title}
- Intended use: {use}
- Training data: {training}
- Clinical variables: required {required}; optional {optional}
- Form: Rad-sign (robust scaling, F-test, correlation < .9, LASSO, logistic regression){deep},
  joined with the clinical variables by a logistic regression on out-of-fold signatures; inputs clipped to the
  training range
- Files: skops (no pickle) with a listed set of types; digests in manifest.json

## Measured on {held_out} simulated patients held out from training

{table}

"Best possible" is the true risk that the outcomes were drawn from. The effect is simulated: these
figures show that training recovers what is there, and nothing about degeneration or pain.

## Limits

Linear; mean over levels and sides; effect sizes chosen by us after the two papers, not measured; feature
ranges of generated anatomy, so that a real scan may count as out of range ("uncertain").
"""


def model_card(plan: Description, training: str, metrics: Mapping[str, Any]) -> str:
    """Fill the card; `metrics` is the report of `train_demo.train_target`."""
    deep = any("dl_sign" in variant for variant in metrics["variants"].values())
    return _CARD.format(
        name=plan.name,
        title=plan.title,
        use=INTENDED_USE,
        training=training,
        required=", ".join(plan.required_clinical),
        optional=", ".join(plan.optional_clinical) or "none",
        deep="\n  and DL-sign (z-score, PCA, LASSO, logistic regression)" if deep else "",
        held_out=metrics["held_out_patients"],
        table=_table(metrics),
    )


def _table(metrics: Mapping[str, Any]) -> str:
    lines = ["| variant | model | AUC | Brier | calibration slope | intercept |", "|---|---|---|---|---|---|"]
    for name, models in metrics["variants"].items():
        for model, m in models.items():
            row = (m["auc"], m["brier"], m["calibration_slope"], m["calibration_intercept"])
            lines.append(f"| {name} | {model} | " + " | ".join(f"{value:.3f}" for value in row) + " |")
    return "\n".join(lines)
