import re

from hypothesis import given
from hypothesis import strategies as st

from pipelines.dicom.uids import derived_uid, inputs_digest

UID = re.compile(r"2\.25\.(0|[1-9][0-9]*)")


@given(st.lists(st.text(max_size=20), max_size=5))
def test_a_uid_is_legal_and_a_function_of_its_parts(parts: list[str]) -> None:
    uid = derived_uid(*parts)
    assert UID.fullmatch(uid)
    assert len(uid) <= 64
    assert uid == derived_uid(*parts)


def test_the_name_space_is_fixed_for_ever() -> None:
    assert derived_uid("seg", "0.1.0") == "2.25.7305474803128261267783581017749697600"


def test_parts_do_not_run_into_each_other() -> None:
    assert derived_uid("ab", "c") != derived_uid("a", "bc")


def test_the_digest_knows_the_set_and_not_its_order() -> None:
    assert inputs_digest(["1.2", "1.3"]) == inputs_digest(["1.3", "1.2", "1.3"])
    assert inputs_digest(["1.2", "1.3"]) != inputs_digest(["1.2"])
    assert len(inputs_digest([])) == 64
