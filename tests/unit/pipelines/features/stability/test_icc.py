import numpy as np
import pytest

from pipelines.features.stability import agreement

# Shrout and Fleiss, Psychol Bull 1979; 86:420, table 2: six targets, four judges
PUBLISHED = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float
)


def test_published_example():
    found = agreement(PUBLISHED[:, :, None])
    assert found.value[0] == pytest.approx(0.17, abs=0.005)
    assert found.lower[0] == pytest.approx(-0.13, abs=0.005)


def test_what_never_changes_agrees_and_what_is_the_same_everywhere_says_nothing():
    repeated = np.repeat(np.arange(4.0)[:, None, None], 3, axis=1)
    assert agreement(repeated).value[0] == agreement(repeated).lower[0] == 1
    assert np.isnan(agreement(np.ones((4, 3, 1))).value[0])
    assert np.isnan(agreement(np.ones((4, 3, 1))).lower[0])


def test_noise_does_not_agree():
    values = np.random.default_rng(0).normal(size=(40, 8, 20))
    assert np.abs(agreement(values).value).max() < 0.2
