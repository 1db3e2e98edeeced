import pytest

from pipelines.features.adjacent import adjacent_levels, is_adjacent


@pytest.mark.parametrize(
    ("fused", "adjacent"),
    [
        ((), set()),
        (("L4-L5",), {"L3-L4", "L3", "L5-S1", "S1"}),
        (("L5-S1",), {"L4-L5", "L4"}),
        (("L4-L5", "L5-S1"), {"L3-L4", "L3"}),
        (("L2-L3", "L4-L5"), {"L1-L2", "L1", "L3-L4", "L5-S1", "S1"}),
        (("T12-L1",), {"T11-T12", "T11", "L1-L2", "L2"}),
    ],
)
def test_next_to_the_fusion(fused: tuple[str, ...], adjacent: set[str]) -> None:
    assert adjacent_levels(fused) == adjacent


@pytest.mark.parametrize(
    ("structure", "found"),
    [
        ("L3-L4 disc", True),
        ("L3 vertebra", True),
        ("L3 vertebral body", True),
        ("L4 vertebra", False),
        ("L4-L5 disc", False),
        ("vertebra 3 (level not determined)", False),
        ("left multifidus", False),
    ],
)
def test_structures_are_known_by_their_level(structure: str, found: bool) -> None:
    assert is_adjacent(structure, adjacent_levels(["L4-L5"])) is found
