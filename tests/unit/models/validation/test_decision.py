"""Calls at a threshold and their net benefit, by hand."""

import numpy as np
import pytest

from models.validation.decision import Confusion, confusion, decision_curve

OUTCOME = [1, 1, 1, 0, 0, 0, 0, 0]
PROBABILITY = [0.9, 0.6, 0.2, 0.7, 0.3, 0.2, 0.1, 0.05]


def test_confusion_by_hand():
    found = confusion(OUTCOME, np.array(PROBABILITY) >= 0.5)
    assert found == Confusion(tp=2, fp=1, fn=1, tn=4)
    assert found.accuracy == pytest.approx(6 / 8)
    assert found.sensitivity == pytest.approx(2 / 3)
    assert found.specificity == pytest.approx(4 / 5)
    assert found.f1 == pytest.approx(2 * (2 / 3) * (2 / 3) / (4 / 3))


def test_nobody_of_a_class_has_no_share():
    assert np.isnan(confusion([0, 0], [True, False]).sensitivity)


def test_net_benefit_by_hand():
    curve = decision_curve(OUTCOME, PROBABILITY, [0.25, 0.5])
    # at .25 three are called wrongly or rightly: 2 true, 2 false; the odds are 1/3
    assert curve.model == pytest.approx([2 / 8 - 2 / 8 / 3, 2 / 8 - 1 / 8])
    assert curve.treat_all == pytest.approx([3 / 8 - 5 / 8 / 3, 3 / 8 - 5 / 8])


def test_a_threshold_of_certainty_is_refused():
    with pytest.raises(ValueError, match="between 0 and 1"):
        decision_curve(OUTCOME, PROBABILITY, [0.0, 0.5])
