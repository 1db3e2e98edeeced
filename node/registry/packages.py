"""What a model's folder holds, and whether the workers could use it: as they would load it, so it is proven.

Loads the pipelines; only commands and the doctor import this module.
"""

from pathlib import Path
from typing import Any, Final

from models.manifest import ADVICE, MANIFEST, SEAL, Manifest, is_sealed, read_manifest, sha256
from models.verify import PREDICTOR, kind_of
from models.verify import problems as problems_of_files
from node.errors import ModelRefused
from node.registry.folders import check_word
from node.registry.records import Described
from pipelines.errors import PipelineError
from pipelines.prediction.choices import open_folder

#: what the workers and the reports need to know of a predictor, and what is refused where it is not said
REQUIRED: Final = {
    "demonstration": "whether its patients were simulated; train it with this lumbar-node",
    "thresholds": "from which probability a risk is high; train it with this lumbar-node",
    "profiles": "what its features are; train it on a table that `lumbar-node extract` wrote",
}


def problems(folder: Path) -> tuple[str, ...]:
    """Say all that is wrong with a model; empty if it can be used.

    Files, types and tensors (`models.verify`), and of a predictor whether it loads and was trained on
    features that this node makes.
    """
    found = problems_of_files(folder)
    if found or kind_of(folder, read_manifest(folder)) != PREDICTOR:
        return found
    try:
        open_folder(folder)
    except PipelineError as error:
        return (str(error),)
    except Exception as error:  # noqa: BLE001 - what a foreign description does to its reader is not known
        return (f"{folder}: the predictor cannot be loaded: {type(error).__name__}: {error}".splitlines()[0],)
    return ()


def admitted(folder: Path) -> tuple[Described, Manifest]:
    """Return what a predictor's folder holds, if the workers may use it.

    Raises
    ------
    ModelRefused
        Naming the file or field, what is wrong, and what to do.
    """
    if wrong := problems(folder):
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        what, damaged, _ = wrong[0].partition(ADVICE)
        advice = "; copy the folder again from where it was trained" if damaged else ""
        raise ModelRefused(f"{what}{more}{advice}")
    manifest = read_manifest(folder)
    kind = kind_of(folder, manifest)
    if kind != PREDICTOR:
        raise ModelRefused(
            f"{folder}: a {kind} model; predictors alone are activated (segmenters: settings, [segmentation])"
        )
    if not is_sealed(folder):
        raise ModelRefused(f"{folder / MANIFEST}: the manifest lacks {SEAL}; train it with this lumbar-node")
    for key, why in REQUIRED.items():
        if not _said(manifest.settings, key):
            raise ModelRefused(f"{folder / MANIFEST}: the manifest lacks settings.{key}: {why}")
    return described(folder, open_folder(folder).target), manifest


def described(folder: Path, name: str) -> Described:
    """Return what the registry keeps of a model. ManifestError where its manifest cannot be read."""
    manifest = read_manifest(folder)
    check_word("name", name)
    check_word("version", manifest.version)
    return Described(
        name=name,
        version=manifest.version,
        kind=kind_of(folder, manifest),
        digest=manifest.digest,
        sha256=sha256(folder / MANIFEST),
        demonstration=bool(manifest.settings.get("demonstration")),
    )


def _said(settings: Any, key: str) -> bool:
    """Tell whether the manifest says something; False is an answer, an empty mapping is none."""
    return settings.get(key) not in (None, {}, "")
