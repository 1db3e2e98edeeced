import pytest

from pipelines.dicom.codes import UNITS
from pipelines.features import references
from pipelines.features.references import MEASURES, reference


def test_a_limit_holds_for_every_level():
    found = reference("wedge_ratio", "L3")
    assert (found.low, found.high, found.unit) == (0.8, None, "1")
    assert "Genant 1993" in found.source
    assert reference("wedge_ratio") == found


def test_a_range_of_a_level_is_not_given_for_another():
    assert reference("disc_height_middle", "L4-L5").low == pytest.approx(13.82 - 1.96 * 1.96, abs=0.05)
    assert reference("disc_height_middle", "T12-L1") is None
    assert reference("disc_height_middle") is None


def test_a_range_by_sex_and_age_is_not_given_without_them():
    name = "multifidus.level_fat_fraction_dixon"
    assert reference(name, "L4-L5", "F", 45).high == pytest.approx(34.4, abs=0.1)
    assert reference(name, "L4-L5", "M", 45).high == pytest.approx(28.5, abs=0.1)
    assert reference(name, "L4-L5", "O", 45) is None
    assert reference(name, "L4-L5", "F") is None
    assert reference(name, "L4-L5", "F", 70) is None


def test_what_has_no_range_says_so():
    assert reference("nucleus_csf_ratio", "L4-L5", "F", 45) is None


@pytest.mark.parametrize("measure", MEASURES)
def test_every_range_has_a_unit_that_can_be_written_and_a_source_with_a_year_or_a_body(measure):
    for row in references._ROWS[measure]:
        found = row.reference
        assert found.unit in {*UNITS, "deg"}
        assert found.source
        assert found.low is not None or found.high is not None
        assert found.low is None or found.high is None or found.low < found.high
