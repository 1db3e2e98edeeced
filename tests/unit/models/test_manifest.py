"""A model is only opened if its files are those that the manifest describes."""

import json

import pytest

from models.manifest import WEIGHTS, ManifestError, open_model, write_manifest

VALUES = {
    "name": "test net",
    "version": "1",
    "license": "Apache-2.0",
    "intended_use": "tests",
    "training_data": "none",
    "metrics": {},
    "settings": {},
    "files": ["weights.safetensors"],
}


@pytest.fixture
def model(tmp_path):
    folder = tmp_path / "net"
    folder.mkdir()
    (folder / "weights.safetensors").write_bytes(b"weights")
    write_manifest(folder, VALUES)
    return folder


def test_an_intact_model_opens(model):
    folder, manifest = open_model("net", model.parent)
    assert (folder, manifest.name, len(manifest.digest)) == (model, "test net", 64)


def test_a_damaged_file_is_refused_with_its_name(model):
    (model / "weights.safetensors").write_bytes(b"weightz")
    with pytest.raises(ManifestError, match=r"net/weights\.safetensors: damaged or replaced"):
        open_model("net", model.parent)


def test_a_missing_file_is_refused_with_its_name(model):
    (model / "weights.safetensors").unlink()
    with pytest.raises(ManifestError, match=r"weights\.safetensors: the model file is missing"):
        open_model("net", model.parent)


@pytest.mark.parametrize("text", ["", "{", '{"name": "x"}'])
def test_a_bad_manifest_is_refused(model, text):
    (model / "manifest.json").write_text(text)
    with pytest.raises(ManifestError, match=r"manifest\.json"):
        open_model("net", model.parent)


@pytest.mark.parametrize("name", sorted(p.parent.name for p in WEIGHTS.glob("*/manifest.json")))
def test_every_shipped_model_is_intact_described_and_small(name):
    folder, manifest = open_model(name)
    assert manifest.intended_use
    assert manifest.training_data
    assert sum((folder / file).stat().st_size for file in manifest.files) <= 16 * 2**20
    assert not list(folder.rglob("*.pkl"))
    assert (folder / "MODEL_CARD.md").is_file()


@pytest.mark.parametrize("key", ["intended_use", "metrics", "version"])
def test_a_manifest_that_was_edited_is_refused(model, key):
    path = model / "manifest.json"
    values = json.loads(path.read_text())
    values[key] = {"auc": 0.99} if key == "metrics" else "9.9"
    path.write_text(json.dumps(values))
    with pytest.raises(ManifestError, match=r"manifest\.json: changed since it was written"):
        open_model("net", model.parent)


def test_the_seal_does_not_depend_on_the_order_of_the_keys(model):
    path = model / "manifest.json"
    values = json.loads(path.read_text())
    path.write_text(json.dumps(dict(reversed(values.items()))))
    assert open_model("net", model.parent)[1].name == values["name"]
