"""Manifests of shipped models: what a weight file is, and proof that it is the one that was described."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

WEIGHTS = Path(__file__).parent / "weights"
MANIFEST = "manifest.json"
SEAL = "seal"  #: sha256 of all that a manifest says beside it
ADVICE = "; install the package again"  #: right for what is shipped; who knows better cuts it off


class ManifestError(Exception):
    """A model's manifest is missing, malformed, or does not fit its files."""


class UnknownModelError(ManifestError):
    """No model has this name."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is known about a model.

    Attributes
    ----------
    name, version : str
    files : mapping of str to str
        File name to the sha256 of its bytes, hexadecimal.
    intended_use, license, training_data : str
    metrics : mapping
        What was measured, and on what.
    settings : mapping
        What the code needs to build the model: features, classes, spacing, thresholds …
    documents : mapping of str to str
        Files for people and the sha256 of their bytes; no part of `digest`.
    """

    name: str
    version: str
    files: Mapping[str, str]
    intended_use: str
    license: str
    training_data: str
    metrics: Mapping[str, Any]
    settings: Mapping[str, Any]
    documents: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """One sha256 over all file digests, hexadecimal; identifies the model in results."""
        text = "\n".join(f"{name} {value}" for name, value in sorted(self.files.items()))
        return hashlib.sha256(text.encode()).hexdigest()


def open_model(name: str, root: Path | None = None) -> tuple[Path, Manifest]:
    """Return a model's folder and manifest after checking every file against its digest.

    Parameters
    ----------
    name : str
        Name of the folder below `root`, e.g. "sagittal".
    root : Path, optional
        Folder of models; the shipped ones by default.

    Raises
    ------
    ManifestError
        If the manifest cannot be read, a file is missing, or its bytes are not those described.
    """
    folder = (root or WEIGHTS) / name
    manifest = read_manifest(folder)
    for file, expected in manifest.files.items():
        check_file(folder / file, expected)
    return folder, manifest


def require_model(name: str, root: Path | None = None) -> None:
    """Refuse a name that is not one of a model's, a path among them.

    Raises
    ------
    UnknownModelError
        Names the models there are.
    """
    known = sorted(path.parent.name for path in (root or WEIGHTS).glob("*/manifest.json"))
    if name not in known:
        raise UnknownModelError(f"no model is called {name!r}; there are {', '.join(known) or 'none'}")


def write_manifest(folder: Path, values: Mapping[str, Any]) -> Manifest:
    """Write manifest.json for the files that `values["files"]` names, with their digests, and seal it.

    `values["documents"]`, if it is there, names files for people, such as a card: vouched for as well, but no
    part of what identifies the model.
    """
    digests = {name: sha256(folder / name) for name in values["files"]}
    complete = {**values, "files": digests}
    if "documents" in values:
        complete["documents"] = {name: sha256(folder / name) for name in values["documents"]}
    complete[SEAL] = seal_of(complete)
    text = json.dumps(complete, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")
    return read_manifest(folder)


def seal_of(values: Mapping[str, Any]) -> str:
    """Return the sha256 of all that a manifest says, its seal apart, hexadecimal.

    It shows a manifest that was edited by hand or damaged; it is no signature, for who can write can seal.
    """
    rest = {key: value for key, value in values.items() if key != SEAL}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def is_sealed(folder: Path) -> bool:
    """Tell whether a manifest carries a seal; `read_manifest` refuses one that does not fit."""
    return SEAL in json.loads((folder / MANIFEST).read_text(encoding="utf-8"))


def sha256(path: Path) -> str:
    """Return the sha256 of a file's bytes, hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """Read a model's manifest; its files are not looked at.

    Raises
    ------
    ManifestError
        If it is missing, no JSON object, lacks a field, or names a file outside the folder.
    """
    path = folder / MANIFEST
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ManifestError(f"{path}: the model's manifest cannot be read: {error}") from None
    if not isinstance(values, dict):
        raise ManifestError(f"{path}: the model's manifest is no JSON object")
    fields: dict[str, Any] = {key: values.get(key) for key in Manifest.__dataclass_fields__}
    fields["settings"] = fields["settings"] or {}
    fields["documents"] = fields["documents"] or {}
    missing = sorted(key for key, value in fields.items() if value is None)
    if missing:
        raise ManifestError(f"{path}: the manifest lacks {', '.join(missing)}")
    if not isinstance(fields["settings"], dict):
        raise ManifestError(f"{path}: settings must be a JSON object")
    _check_names(path, fields["files"])
    _check_names(path, fields["documents"])
    if SEAL in values and values[SEAL] != seal_of(values):
        raise ManifestError(f"{path}: changed since it was written (its seal does not fit){ADVICE}")
    return Manifest(**fields)


def _check_names(path: Path, files: Any) -> None:
    """Refuse a name that leads out of the folder: it would be proof of somebody else's bytes."""
    if not isinstance(files, dict) or not all(isinstance(digest, str) for digest in files.values()):
        raise ManifestError(f"{path}: files must give each file's sha256 by its name")
    for name in files:
        if Path(name).name != name:
            raise ManifestError(f"{path}: {name!r} is no name of a file in this folder")


def check_file(path: Path, expected: str) -> None:
    """Refuse a file that is missing or has another sha256 than expected.

    Raises
    ------
    ManifestError
        Naming the file and what to do.
    """
    if not path.is_file():
        raise ManifestError(f"{path}: the model file is missing{ADVICE}")
    if (actual := sha256(path)) != expected:
        what = f"damaged or replaced (sha256 {actual[:12]}…, expected {expected[:12]}…)"
        raise ManifestError(f"{path}: {what}{ADVICE}, or write a new manifest for a model of your own")
