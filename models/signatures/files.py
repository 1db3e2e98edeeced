"""Fitted models in skops files: no pickle, only listed types, the same bytes for the same model."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any, Final

import skops.io

from models.manifest import ManifestError

#: Every type beyond skops' own list that a model file may hold.
TRUSTED: Final = (
    "collections.OrderedDict",
    "lightgbm.basic.Booster",
    "lightgbm.sklearn.LGBMClassifier",
    "models.signatures.classifiers.BestClassifier",
    "models.signatures.combined.CombinedModel",
    "models.signatures.harmonise.Harmonise",
    "models.signatures.harmonise.TakeColumns",
    "models.signatures.ood.Novelty",
    "models.signatures.regression.ClinicalScreen",
    "models.signatures.scaling.Clip",
    "models.signatures.scaling.Components",
    "models.signatures.scaling.MeanStandard",
    "models.signatures.scaling.RobustStandard",
    "models.signatures.selection.CorrelationPruning",
    "models.signatures.selection.LassoSelection",
    "models.signatures.selection.UnivariateFilter",
    "numpy.dtype",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.model_selection._split.StratifiedKFold",
    "sklearn.tree._tree.Tree",
    "xgboost.core.Booster",
    "xgboost.sklearn.XGBClassifier",
)

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip entry can have


def save_model(model: Any, path: Path) -> None:
    """Write a fitted estimator; equal models give equal bytes."""
    path.write_bytes(_canonical(skops.io.dumps(model)))


def load_model(path: Path) -> Any:
    """Read a fitted estimator.

    Raises
    ------
    ManifestError
        If the file holds a type that is not listed; nothing of it has been executed then.
    """
    strange = sorted(set(skops.io.get_untrusted_types(file=path)) - set(TRUSTED))
    if strange:
        raise ManifestError(f"{path}: the model file holds types that are not trusted: {', '.join(strange)}")
    return skops.io.load(path, trusted=list(TRUSTED))


def _canonical(data: bytes) -> bytes:
    """Rewrite a skops archive without memory addresses, random names and the time of day."""
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        entries = {name: source.read(name) for name in source.namelist()}
    renamed: dict[str, str] = {}
    schema = _anonymous(json.loads(entries.pop("schema.json")), renamed)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for old, new in renamed.items():
            _write(target, new, entries[old])
        _write(target, "schema.json", json.dumps(schema, sort_keys=True).encode())
    return out.getvalue()


def _anonymous(node: Any, files: dict[str, str]) -> Any:
    """Drop the objects' addresses (every node is written out in full) and number the arrays' files."""
    if isinstance(node, list):
        return [_anonymous(item, files) for item in node]
    if not isinstance(node, dict):
        return node
    result = {key: _anonymous(value, files) for key, value in node.items() if key != "__id__"}
    if isinstance(name := result.get("file"), str):
        result["file"] = files.setdefault(name, f"{len(files):04d}{Path(name).suffix}")
    return result


def _write(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, date_time=_EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, content)
