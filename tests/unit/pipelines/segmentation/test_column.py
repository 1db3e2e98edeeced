"""Which disc is L5-S1: by what lies below it, or not at all."""

import numpy as np
import pytest

from pipelines.segmentation.column import Evidence, find_column

SPACING = (4.0, 1.25, 1.25)
BODY_MM, DISC_MM = 27.0, 9.0


def spine(parts):
    """Stack parts ("body", "disc", "sacrum", "nothing") upward along a gently curved column."""
    heights = {"body": BODY_MM, "disc": DISC_MM, "lumbosacral": DISC_MM, "sacrum": 26.0, "nothing": 40.0}
    total = sum(heights[p] for p in parts)
    shape = (12, 96, round(total / SPACING[2]))
    maps = {name: np.zeros(shape, np.float32) for name in ("body", "disc", "sacrum", "lumbosacral")}
    left, back, up = np.meshgrid(
        *(np.arange(n) * s for n, s in zip(shape, SPACING, strict=True)), indexing="ij"
    )
    across = (np.abs(left - 24) < 20) & (np.abs(back - 60 - 12 * np.sin(up / 60)) < 16)
    start = 0.0
    for part in parts:
        end = start + heights[part]
        if part != "nothing":
            maps[part][across & (up >= start) & (up < end)] = 0.95
            if part == "lumbosacral":  # is a disc too
                maps["disc"] = np.maximum(maps["disc"], maps[part])
        start = end
    return Evidence(maps["body"], maps["disc"], maps["lumbosacral"], maps["sacrum"], SPACING)


LUMBAR = ["body", "disc"] * 4 + ["body"]


def test_the_disc_above_the_sacrum_is_l5_s1():
    column = find_column(spine(["sacrum", "lumbosacral", *LUMBAR]))
    assert (len(column.centres), column.lumbosacral, column.reason) == (5, 0, "")
    distances = np.linalg.norm(np.diff(column.centres, axis=0), axis=1)
    np.testing.assert_allclose(distances, BODY_MM + DISC_MM, rtol=0.12)


def test_a_rudimentary_disc_within_the_sacrum_is_not_counted():
    column = find_column(spine(["sacrum", "disc", "sacrum", "lumbosacral", *LUMBAR]))
    assert (len(column.centres), column.lumbosacral) == (6, 1)


@pytest.mark.parametrize("parts", [LUMBAR, ["nothing", *LUMBAR]])
def test_without_a_sacrum_the_levels_stay_open(parts):
    column = find_column(spine(parts))
    assert column.lumbosacral is None
    assert "sacrum is not in view" in column.reason


def test_an_empty_image_has_no_column():
    nothing = np.zeros((5, 40, 40), np.float32)
    column = find_column(Evidence(nothing, nothing, nothing, nothing, SPACING))
    assert len(column.centres) == 0
    assert column.lumbosacral is None
