"""The card says what was measured, and what was not."""

import pytest

from models.signatures.description import built_in
from models.signatures.model_card import model_card

FIGURES = {
    "auc": 0.741,
    "auc_ci": [0.66, 0.81],
    "sensitivity": 0.7,
    "specificity": 0.6,
    "brier": 0.2,
    "calibration_slope": 0.9,
    "calibration_intercept": None,
}
MANIFEST = {
    "name": "asdeg-north",
    "version": "1.2.0",
    "created": "2026-11-28",
    "license": "not for others",
    "training_data": "North, 2019 to 2024",
    "settings": {"profiles": {"paper@1": "ab" * 32}},
}


@pytest.fixture
def metrics():
    return {
        "n": 192,
        "events": 67,
        "threshold": 0.35,
        "sites": {"North": {"n": 192, "events": 67}},
        "models": {"combined": {"nested": FIGURES, "in_sample": FIGURES | {"auc": 0.95}, "external": None}},
        "events_per_variable": 4.2,
        "warnings": ["2 constant columns were dropped"],
    }


def test_figures_and_limits(metrics):
    card = model_card(MANIFEST, metrics, built_in("asdeg"))
    assert card.startswith("# asdeg-north 1.2.0\n")
    assert (
        "| Combined | unseen (nested) | 0.741 (0.660 to 0.810) | 0.700 | 0.600 | 0.200 | 0.900 | – |" in card
    )
    assert "| Combined | seen, OPTIMISTIC | 0.950" in card
    assert "No external validation" in card and "One site only" in card
    assert "4.2 patients of the rarer class per weighted variable" in card
    assert "2 constant columns were dropped" in card
    assert "clinical osteoporosis (required): yes or no" in card
    assert "DEMONSTRATION" not in card and "OPTIMISTIC FIGURES" not in card


def test_a_demonstration_model_is_called_so(metrics):
    manifest = MANIFEST | {"settings": {"demonstration": True}}
    assert "**DEMONSTRATION MODEL – trained on simulated patients.**" in model_card(
        manifest, metrics, built_in("asdeg")
    )


def test_without_an_estimate_on_unseen_patients_it_says_so(metrics):
    metrics["models"]["combined"]["nested"] = None
    assert "OPTIMISTIC FIGURES" in model_card(MANIFEST, metrics, built_in("asdeg"))


def test_the_cut_off_of_a_scale_is_stated(metrics):
    card = model_card(MANIFEST, metrics, built_in("pain").with_cutoff(4.0))
    assert "Cut-off:" in card and "from 4" in card
