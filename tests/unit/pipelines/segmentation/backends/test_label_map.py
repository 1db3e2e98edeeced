"""A label map in a site's words: what is wrong is named, with the file and the entry."""

import json

import pytest

from pipelines.errors import ModelError
from pipelines.segmentation.backends.label_map import LabelMap, label_map_of, read_label_map

KNOWN = {0: "background", 1: "vertebrae_L5", 2: "sacrum", 3: "liver"}


@pytest.fixture
def read(tmp_path):
    def read(values, known=KNOWN):
        path = tmp_path / "label_map.json"
        path.write_text(values if isinstance(values, str) else json.dumps(values))
        return read_label_map(path, known)

    return read


def test_channels_are_named_by_number_or_by_the_networks_word(read):
    found = read({"structures": {"vertebrae_L5": "L5 vertebra", "2": "sacrum"}})
    assert found == LabelMap({1: "L5 vertebra", 2: "sacrum"}, 4, "softmax")
    assert found.counts_from_sacrum


def test_without_words_of_the_network_numbers_do(read):
    found = read({"structures": {"7": "L5 vertebra"}, "activation": "sigmoid", "channels": 9}, {})
    assert found == LabelMap({7: "L5 vertebra"}, 9, "sigmoid")


def test_a_network_that_speaks_our_words_needs_no_map():
    found = label_map_of({0: "background", 1: "left multifidus"}, "metadata.json")
    assert found == LabelMap({1: "left multifidus"}, 2)
    assert not found.counts_from_sacrum


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"structures": {"1": "L5"}}, r"channel 1: 'L5' is no structure that this node knows; allowed are"),
        ({"structures": {"1": "L6 vertebra"}}, "'L6 vertebra' is no structure"),
        ({"structures": {"1": None}}, "None is no structure"),
        (
            {"structures": {"9": "sacrum"}},
            r"structures\.9: the network has no such channel; it has 0 \(",
        ),
        ({"structures": {"liver!": "sacrum"}}, r"structures\.liver!: the network has no such channel"),
        ({"structures": {}}, r"names no structure; for example \{"),
        ({"structures": {"1": "vertebra"}}, "'vertebra' or 'vertebral body' without 'disc'"),
        (
            {"structures": {"2": "sacrum"}, "activation": "relu"},
            r"allowed \(given: 'relu'\)",
        ),
        ({"structures": {"2": "sacrum"}, "channels": 2}, r"channels: a number above 2.* \(given: 2\)"),
        ({"structures": {"2": "sacrum"}, "channels": 300}, "at most 254"),
        (
            {"structures": {"2": "sacrum"}, "labels": {}},
            "unknown key labels; allowed: structures",
        ),
        ({"labels": {}}, '"structures" is missing; for example'),
        ([], "not a JSON object"),
        ("{", "not valid JSON"),
    ],
)
def test_what_is_wrong_is_named(read, values, said):
    with pytest.raises(ModelError, match=said) as caught:
        read(values)
    assert "label_map.json" in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"none\.json: cannot be read: No such file"):
        read_label_map(tmp_path / "none.json", KNOWN)
