"""Level names count upward from the sacrum and end at L1."""

from pipelines.segmentation.labels import DISCS, LEVELS, level_name


def test_levels_count_upward():
    assert [level_name("vertebra", k, LEVELS) for k in (-1, 0, 4, 5)] == [
        None,
        "L5 vertebra",
        "L1 vertebra",
        None,
    ]
    assert level_name("disc", 0, DISCS) == "L5-S1 disc"


def test_an_undetermined_level_is_counted_from_below():
    assert level_name("vertebral body", 0, None) == "vertebral body 1 (level not determined)"
