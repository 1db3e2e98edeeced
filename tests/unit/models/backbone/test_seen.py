"""Patients whose outcome an encoder knows are refused, without their names in the encoder's folder."""

from pathlib import Path

import pytest

from models.backbone.seen import SeenError, refuse_seen, seen_among, write_seen


def test_seen_patients_are_known_by_digest_only(tmp_path: Path) -> None:
    write_seen(tmp_path, {"Anna-1": "training", "Bert-2": "stopping"}, salt="x")
    assert seen_among(tmp_path, ["Carl-3", "Bert-2", "Anna-1"]) == ["Bert-2", "Anna-1"]
    assert "Anna" not in (tmp_path / "seen.json").read_text()
    assert "Anna-1,training" in (tmp_path / "study" / "seen.csv").read_text()


def test_they_are_refused_unless_marked(tmp_path: Path) -> None:
    write_seen(tmp_path, dict.fromkeys(["A", "B", "C", "D"], "training"), salt="x")
    with pytest.raises(SeenError, match=r"fine-tuned on A, B, C and 1 more: .* mark them as in-sample"):
        refuse_seen(tmp_path, ["A", "B", "C", "D", "E"])
    refuse_seen(tmp_path, ["A", "E"], in_sample=["A"])
    refuse_seen(tmp_path, ["E"])


def test_an_encoder_without_a_list_has_seen_nobody(tmp_path: Path) -> None:
    refuse_seen(tmp_path, ["A"])


@pytest.mark.parametrize("content", ["", "[]", '{"salt": "x"}'])
def test_a_damaged_list_lets_nobody_through(tmp_path: Path, content: str) -> None:
    (tmp_path / "seen.json").write_text(content)
    with pytest.raises(SeenError, match=r"seen\.json: damaged"):
        refuse_seen(tmp_path, ["A"])
