"""Which predictors answer: the shipped ones, and a site's own in their place or beside them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from models.manifest import ADVICE, MANIFEST, WEIGHTS, read_manifest, sha256
from pipelines.errors import ModelError
from pipelines.features import deep
from pipelines.prediction.signature import SignaturePredictor
from pipelines.types import PredictorChoice

MODEL_INVALID: Final = "MODEL_INVALID"


def chosen(
    choices: Sequence[PredictorChoice] = (), backbone: Path | None = None
) -> tuple[SignaturePredictor, ...]:
    """Load every predictor that answers for a case.

    Parameters
    ----------
    choices : sequence of PredictorChoice
        The site's own; each stands in for the shipped predictor of its name, if there is one.
    backbone : Path, optional
        Folder of the deep features' network; the shipped one by default.

    Returns
    -------
    tuple of SignaturePredictor
        The shipped names in their order, then the site's other predictors in theirs.

    Raises
    ------
    ModelError
        MODEL_INVALID, with the file's name, if one is missing, damaged, another than was chosen, or was
        trained on features that this node does not make.
    """
    own = {choice.name: choice for choice in choices}
    names = [*shipped_names(), *(name for name in own if name not in shipped_names())]
    return tuple(opened(own[name], backbone) if name in own else SignaturePredictor(name) for name in names)


def shipped_names() -> tuple[str, ...]:
    """Name the predictors that are part of the software."""
    return tuple(sorted(path.parent.name for path in WEIGHTS.glob("*/predictor.json")))


def open_folder(folder: Path, backbone: Path | None = None) -> SignaturePredictor:
    """Load the predictor that lies in a folder, whatever the folder is called. ModelError as above."""
    predictor = SignaturePredictor(folder.name, folder.parent)
    _check_network(folder, backbone)
    return predictor


def opened(choice: PredictorChoice, backbone: Path | None = None) -> SignaturePredictor:
    """Load a site's predictor, if it still is what was chosen. ModelError as `chosen` says."""
    _check_manifest(choice)
    try:
        predictor = open_folder(choice.folder, backbone)
    except ModelError as error:
        what = str(error).partition(ADVICE)[0].removeprefix(f"predictor {choice.folder.name}: ")
        raise _invalid(choice, what) from None
    if predictor.target != choice.name:
        raise _invalid(choice, f"{choice.folder}: predicts {predictor.target}")
    return predictor


def _check_network(folder: Path, backbone: Path | None) -> None:
    """Refuse a predictor that reads deep features of another network than this node's: other numbers."""
    trained_on = str(read_manifest(folder).settings.get("models", {}).get("deep", ""))
    if not trained_on or ".deep." not in (folder / "predictor.json").read_text(encoding="utf-8"):
        return
    here, digest = deep.load_network("cpu", backbone).identity, trained_on.rpartition(" ")[2]
    if digest != here.digest:
        what = f"{folder}: trained on deep features of another network (sha256 {digest[:12]}…, here"
        raise ModelError(MODEL_INVALID, f"{what} {here.digest[:12]}…); train it anew")


def _check_manifest(choice: PredictorChoice) -> None:
    """Refuse a folder whose manifest was written anew: its digests prove nothing then."""
    path = choice.folder / MANIFEST
    if not path.is_file():
        raise _invalid(choice, f"{path}: not there")
    if (found := sha256(path)) != choice.sha256:
        changed = f"{path}: changed since it was activated (sha256 {found[:12]}…, not {choice.sha256[:12]}…)"
        raise _invalid(choice, changed)


def _invalid(choice: PredictorChoice, what: str) -> ModelError:
    name = f"{choice.name}@{choice.version}"
    advice = f"activate the package again, or go back: lumbar-node models retire {name}"
    return ModelError(MODEL_INVALID, f"predictor {name}: {what}; {advice}")
