"""Whether a model's folder can be trusted: every file's digest, only listed types, weights that are tensors.

`models.manifest.open_model` stops at the first thing that is wrong; here all of them are told, so that a
folder is mended in one go.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from safetensors import SafetensorError, safe_open

from models.manifest import Manifest, ManifestError, check_file, read_manifest
from models.signatures.files import load_model

PREDICTOR: Final = "predictor"
BACKBONE: Final = "backbone"
SEGMENTATION: Final = "segmentation"

#: files that make a predictor and an encoder what they are
_DESCRIPTION: Final = "predictor.json"
_ENCODER: Final = frozenset({"patch", "hidden"})
_WEIGHTS: Final = (".skops", ".safetensors")
#: what can run code as it is read; a model has no need of it
_PICKLES: Final = (".pkl", ".pickle", ".joblib", ".pt", ".pth", ".bin")


def kind_of(folder: Path, manifest: Manifest) -> str:
    """Tell predictors, backbones (encoders of deep features) and segmentation networks apart."""
    if _DESCRIPTION in manifest.files or (folder / _DESCRIPTION).is_file():
        return PREDICTOR
    return BACKBONE if manifest.settings.keys() >= _ENCODER else SEGMENTATION


def problems(folder: Path) -> tuple[str, ...]:
    """Say all that is wrong with a model's folder.

    Parameters
    ----------
    folder : Path
        Holds manifest.json and the files that it names.

    Returns
    -------
    tuple of str
        One line each, with the file's name; empty if the folder can be trusted. What is not as the manifest
        says is not opened.
    """
    try:
        manifest = read_manifest(folder)
    except ManifestError as error:
        return (str(error),)
    return (*_unlisted(folder, manifest), *_of_files(folder, manifest))


def _unlisted(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Whatever could be loaded must have a digest."""
    if not manifest.files:
        yield f"{folder / 'manifest.json'}: names no file, so nothing is proven"
    for path in sorted(folder.iterdir()):
        if path.suffix in _PICKLES:
            yield f"{path}: such files can run code when they are read; remove it"
        elif path.suffix in _WEIGHTS and path.name not in manifest.files:
            yield f"{path}: the manifest does not name it; remove it"


def _of_files(folder: Path, manifest: Manifest) -> Iterator[str]:
    for name, digest in {**manifest.documents, **manifest.files}.items():
        try:
            check_file(folder / name, digest)
        except ManifestError as error:
            yield str(error)
        else:
            yield from _of_content(folder / name)


def _of_content(path: Path) -> Iterator[str]:
    """Look inside: the digest only proves that these are the bytes that somebody described."""
    try:
        if path.suffix == ".skops":
            load_model(path)
        elif path.suffix == ".safetensors":
            _read_header(path)
    except ManifestError as error:
        yield str(error)
    except Exception as error:  # noqa: BLE001 - what a foreign file does to its reader cannot be foreseen
        yield f"{path}: cannot be read: {type(error).__name__}: {error}".splitlines()[0]


def _read_header(path: Path) -> None:
    try:
        with safe_open(path, framework="numpy") as weights:
            names = list(weights.keys())
    except SafetensorError as error:
        raise ManifestError(f"{path}: not a safetensors file: {error}") from None
    if not names:
        raise ManifestError(f"{path}: holds no tensor")
