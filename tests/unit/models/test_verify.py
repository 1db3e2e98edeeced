"""Everything that is wrong with a model's folder is told at once, with the file's name."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import skops.io
from safetensors.numpy import save_file
from sklearn.ensemble import IsolationForest
from sklearn.linear_model import LogisticRegression

from models.manifest import WEIGHTS, ManifestError, read_manifest, write_manifest
from models.verify import kind_of, problems

VALUES = {
    "name": "test net",
    "version": "1",
    "license": "Apache-2.0",
    "intended_use": "tests",
    "training_data": "none",
    "metrics": {},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model of one estimator and one network."""
    folder = tmp_path / "net"
    folder.mkdir()
    fitted = LogisticRegression().fit(np.array([[0.0], [1.0]]), [0, 1])
    (folder / "a.skops").write_bytes(skops.io.dumps(fitted))
    save_file({"w": np.zeros(3, np.float32)}, folder / "b.safetensors")
    describe(folder)
    return folder


def describe(folder: Path) -> None:
    names = [path.name for path in sorted(folder.iterdir()) if path.name != "manifest.json"]
    write_manifest(folder, {**VALUES, "files": names})


def test_an_intact_folder_has_no_problem(folder: Path) -> None:
    assert problems(folder) == ()


def test_every_damaged_file_is_named(folder: Path) -> None:
    for name in ("a.skops", "b.safetensors"):
        (folder / name).write_bytes(b"other")
    found = problems(folder)
    assert [name in line and "damaged or replaced" in line for name, line in zip("ab", found, strict=True)]
    assert len(found) == 2


def test_a_strange_type_is_named_and_not_run(folder: Path) -> None:
    fitted = IsolationForest(n_estimators=1).fit(np.arange(8.0)[:, None])

    class Theirs(IsolationForest):
        """A class of somebody else."""

    fitted.__class__ = Theirs
    (folder / "a.skops").write_bytes(skops.io.dumps(fitted))
    describe(folder)
    (line,) = problems(folder)
    assert "a.skops: the model file holds types that are not trusted" in line
    assert "Theirs" in line


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("a.skops", b"no zip", "a.skops: cannot be read: BadZipFile"),
        ("b.safetensors", b"\xff" * 64, "b.safetensors: not a safetensors file"),
    ],
)
def test_a_digest_alone_proves_nothing(folder: Path, name: str, content: bytes, text: str) -> None:
    (folder / name).write_bytes(content)
    describe(folder)
    (line,) = problems(folder)
    assert text in line


@pytest.mark.parametrize(
    ("name", "text"), [("c.skops", "the manifest does not name it"), ("c.pkl", "can run code")]
)
def test_what_has_no_digest_or_is_a_pickle_is_named(folder: Path, name: str, text: str) -> None:
    (folder / name).write_bytes(b"")
    (line,) = problems(folder)
    assert f"{name}: " in line
    assert text in line


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"files": {"../b.safetensors": "0"}}, "no name of a file in this folder"),
        ({"files": ["b.safetensors"]}, "files must give each file's sha256"),
        ({"files": {}}, "names no file"),
        ({"version": None}, "lacks version"),
        ({"settings": [1]}, "settings must be a JSON object"),
    ],
)
def test_a_manifest_that_proves_nothing(folder: Path, change: dict[str, object], text: str) -> None:
    path = folder / "manifest.json"
    values = json.loads(path.read_text()) | change
    path.write_text(json.dumps({key: value for key, value in values.items() if key != "seal"}))
    assert any(text in line for line in problems(folder))


@pytest.mark.parametrize("text", ["[]", "3", "", "{"])
def test_a_manifest_that_is_none(folder: Path, text: str) -> None:
    (folder / "manifest.json").write_text(text)
    with pytest.raises(ManifestError, match=r"manifest\.json"):
        read_manifest(folder)
    assert len(problems(folder)) == 1


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    (line,) = problems(tmp_path / "none")
    assert "cannot be read" in line


@pytest.mark.parametrize("name", sorted(path.parent.name for path in WEIGHTS.glob("*/manifest.json")))
def test_shipped_models_have_none_until_a_byte_changes(name: str, tmp_path: Path) -> None:
    folder = tmp_path / name
    shutil.copytree(WEIGHTS / name, folder)
    assert problems(folder) == ()
    file = folder / next(iter(read_manifest(folder).files))
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    (line,) = problems(folder)
    assert str(file) in line


def test_kinds() -> None:
    found = {name: kind_of(WEIGHTS / name, read_manifest(WEIGHTS / name)) for name in ("ct", "vit", "pain")}
    assert found == {"ct": "segmentation", "vit": "backbone", "pain": "predictor"}


def test_a_card_that_was_rewritten_is_named(folder: Path) -> None:
    (folder / "MODEL_CARD.md").write_text("as trained")
    write_manifest(
        folder, {**VALUES, "files": list(read_manifest(folder).files), "documents": ["MODEL_CARD.md"]}
    )
    assert problems(folder) == ()
    (folder / "MODEL_CARD.md").write_text("better than trained")
    (found,) = problems(folder)
    assert "MODEL_CARD.md: damaged or replaced" in found
