"""Which disc is L5-S1: three witnesses, or no answer."""

from dataclasses import replace

import numpy as np
import pytest

from pipelines.segmentation.lumbosacral import AMBIGUOUS, NOT_IN_VIEW, Profiles, find_lumbosacral

DISC_MM = 9


def column(*parts):
    """Stack (kind, mm) upward; "ls" is a disc that is called lumbosacral, "half" one that partly is."""
    stacked = {name: [] for name in ("body", "disc", "lumbosacral", "sacrum")}
    peaks, at = [], 0
    for kind, height in parts:
        disc = kind in ("disc", "ls", "half")
        if disc:
            peaks.append(at + height // 2)
        for name in stacked:
            share = {"ls": 0.9, "half": 0.8}.get(kind, 0.05) if name == "lumbosacral" else 1.0
            here = kind == name or (disc and name in ("disc", "lumbosacral"))
            stacked[name] += [0.9 * share if here else 0.02] * height
        at += height
    return np.array(peaks), Profiles(**{name: np.array(values) for name, values in stacked.items()})


BODY, DISC, LS = ("body", 27), ("disc", DISC_MM), ("ls", DISC_MM)
LUMBAR = (BODY, DISC) * 4 + (BODY,)


def test_sacrum_below_and_a_lumbosacral_disc():
    assert find_lumbosacral(*column(("sacrum", 40), LS, *LUMBAR)) == (0, "")


def test_a_disc_within_the_sacrum_is_passed_over():
    assert find_lumbosacral(*column(("sacrum", 25), DISC, ("sacrum", 25), LS, *LUMBAR)) == (1, "")


def test_a_sliver_of_s1_is_enough():
    assert find_lumbosacral(*column(("sacrum", 8), LS, *LUMBAR)) == (0, "")


def test_no_disc():
    index, reason = find_lumbosacral(*column(("sacrum", 40)))
    assert index is None
    assert "no intervertebral disc" in reason


@pytest.mark.parametrize(
    "parts",
    [
        LUMBAR,  # cut above L5-S1
        (("body", 8), LS, *LUMBAR),  # called lumbosacral, but a body lies below
        (LS, *LUMBAR),  # nothing in view below
        (("sacrum", 40), DISC, *LUMBAR),  # no disc looks lumbosacral
    ],
)
def test_without_a_sacrum_nothing_is_counted(parts):
    assert find_lumbosacral(*column(*parts)) == (None, NOT_IN_VIEW)


@pytest.mark.parametrize(
    "parts",
    [
        (("sacrum", 25), ("half", DISC_MM), ("sacrum", 25), LS, *LUMBAR),  # two discs look lumbosacral
        (("body", 27), DISC, ("body", 27), DISC, ("sacrum", 27), LS, BODY),  # the column says otherwise
    ],
)
def test_witnesses_that_disagree(parts):
    assert find_lumbosacral(*column(*parts)) == (None, AMBIGUOUS)


def test_probabilities_near_zero_do_not_divide_by_zero():
    peaks, profiles = column(("sacrum", 40), LS, *LUMBAR)
    assert find_lumbosacral(peaks, replace(profiles, disc=profiles.disc * 0))[0] is not None
