"""Who segments: by name, from the node or from a package that somebody else installed."""

import pytest

from pipelines.errors import ModelError
from pipelines.segmentation import choices_from, segmenter_for
from pipelines.segmentation.network import load_network
from pipelines.segmentation.segmenter import BUILT_IN, GROUP, registered
from pipelines.types import Role, SegmenterChoice

FOREIGN = """
from pipelines.types import ModelIdentity

class Threshold:
    def __init__(self, role, options):
        self.options = options

    def identity(self, device="auto"):
        return ModelIdentity("threshold", str(self.options["hu"]), "0" * 64)
"""


@pytest.fixture
def foreign(tmp_path, monkeypatch):
    """An installed package with two entry points, one of which leads nowhere."""
    (tmp_path / "foreign_segmenter.py").write_text(FOREIGN)
    info = tmp_path / "foreign-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: foreign\nVersion: 1.0\n")
    points = "threshold = foreign_segmenter:Threshold\ngone = foreign_segmenter:Gone\nshipped = nowhere:X\n"
    (info / "entry_points.txt").write_text(f"[{GROUP}]\n{points}")
    monkeypatch.syspath_prepend(tmp_path)


def chosen(backend, **options):
    return segmenter_for(Role.CT, {Role.CT: SegmenterChoice(backend, options)})


def test_the_built_in_ones_need_no_entry_point():
    assert {"shipped", "monai-bundle", "totalsegmentator"} <= set(registered())


@pytest.mark.parametrize("point", BUILT_IN.values(), ids=list(BUILT_IN))
def test_every_built_in_one_is_there(point):
    assert callable(point.load())


def test_roles_without_a_choice_are_the_shipped_networks():
    axial = segmenter_for(Role.MR_AXIAL_T2, {Role.CT: SegmenterChoice("other")})
    assert axial.identity("cpu") == load_network("axial", "cpu").identity


def test_the_digest_covers_every_network_that_takes_part():
    ct = segmenter_for(Role.CT, {}).identity("cpu")
    assert ct.name == load_network("ct", "cpu").identity.name
    assert ct.digest not in {load_network(name, "cpu").identity.digest for name in ("ct", "vertebra")}


def test_somebody_elses_segmenter_is_found_by_its_entry_point(foreign):
    assert chosen("threshold", hu=150).identity().version == "150"
    assert "threshold" in registered()


def test_a_built_in_one_cannot_be_replaced(foreign):
    assert registered()["shipped"] == BUILT_IN["shipped"]


def test_an_unknown_name_comes_with_those_that_are_known(foreign):
    with pytest.raises(
        ModelError, match=r"^segmentation\.ct: no segmenter is called 'nnunet'; there are "
    ) as caught:
        chosen("nnunet")
    assert "monai-bundle, shipped, threshold, totalsegmentator" in str(caught.value)


def test_one_that_cannot_be_loaded_is_named(foreign):
    with pytest.raises(ModelError, match=r"segmenter 'gone' \(foreign_segmenter:Gone\) cannot be loaded"):
        chosen("gone")


def test_the_shipped_networks_take_no_options():
    with pytest.raises(ModelError, match=r"\.ct: unknown option path; this segmenter takes: none"):
        chosen("shipped", path="/srv")


@pytest.mark.parametrize("backend", ["monai-bundle", "totalsegmentator"])
def test_a_model_needs_a_path(backend):
    with pytest.raises(ModelError, match=r'segmentation\.ct: path: missing; give path = "…"'):
        chosen(backend)
    with pytest.raises(ModelError, match=r"path: must be a text \(given: 3\)"):
        chosen(backend, path=3)


def test_choices_from_plain_data():
    assert choices_from({"ct": {"backend": "x", "path": "/y"}}) == {
        Role.CT: SegmenterChoice("x", {"path": "/y"})
    }
