import pickle

import pytest

from pipelines.errors import FeatureError
from pipelines.features.radiomics import HU, PAPER, Profile, resolve

DIGESTS = {
    "paper@1": "b8fea3dd7715a8fb6c17325c3057e2029061ba2431f70be5abe4853a0c88dd58",
    "hu@1": "2745d160fef98e5098f546814941196d210471ffa7877364cb7038f145397ff9",
}


@pytest.mark.parametrize("profile", [PAPER, HU])
def test_a_profile_never_changes_under_its_version(profile):
    assert profile.digest == DIGESTS[profile.label]


def test_digest_covers_every_setting():
    a = Profile("x", "1", {"binWidth": 25})
    assert a.digest == Profile("x", "1", {"binWidth": 25}).digest
    assert a.digest != Profile("x", "1", {"binWidth": 5}).digest
    assert a.digest != Profile("x", "2", {"binWidth": 25}).digest


def test_settings_are_frozen_and_travel():
    with pytest.raises(TypeError):
        PAPER.settings["binWidth"] = 1
    copy = pickle.loads(pickle.dumps(PAPER))
    assert copy == PAPER
    assert copy.digest == PAPER.digest


@pytest.mark.parametrize(
    ("profile", "code", "text"),
    [
        ("papre", "PROFILE_UNKNOWN", "paper, hu"),
        ({"binwidth": 25}, "PROFILE_INVALID", "'binwidth' is unknown"),
        ({"edge": "zero"}, "PROFILE_INVALID", "wrap, mirror"),
    ],
)
def test_a_wrong_profile_is_refused_by_name(profile, code, text):
    with pytest.raises(FeatureError, match=text) as caught:
        resolve(profile)
    assert caught.value.code == code
