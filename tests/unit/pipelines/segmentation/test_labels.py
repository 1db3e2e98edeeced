"""Level names count upward from the sacrum and end at L1."""

from pipelines.dicom.structures import reading_order, structure_of
from pipelines.evaluation.names import parse
from pipelines.features.structures import group_of
from pipelines.segmentation.labels import DISCS, LEVELS, incomplete_name, level_name


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


def test_an_incomplete_structure_keeps_its_codes_and_carries_no_features():
    known = incomplete_name("L1 vertebra")
    counted = incomplete_name("vertebra 3 (level not determined)")
    assert (known, counted) == ("L1 vertebra (incomplete)", "vertebra 3 (level not determined, incomplete)")
    assert structure_of(known).kind == structure_of("L1 vertebra").kind
    assert (structure_of(known).label, structure_of(counted).label) == (known, counted)
    assert group_of("L1 vertebra") == "vertebra"
    assert group_of(known) is group_of(counted) is None
    assert (
        (parse(known).place, parse(known).kind)
        == (parse(counted).place, parse(counted).kind)
        == (None, "vertebra")
    )
    assert reading_order([known, "L2 vertebra"]) == [known, "L2 vertebra"]
