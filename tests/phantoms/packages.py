"""Small predictors as a site would train them: the project's own training on simulated patients."""

import atexit
import json
import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from models.manifest import WEIGHTS, write_manifest
from models.signatures.description import built_in
from models.signatures.reference import read_reference
from models.signatures.train_demo import train_target
from pipelines.features.radiomics import PROFILES


def write_package(folder: Path, version: str = "1.0", **settings: Any) -> Path:
    """Write a predictor of pain to `folder`, not a demonstration unless `settings` say so.

    1.0 and 1.1 are different models, which have learnt from different patients; 1.2 has the files of 1.0.
    """
    shutil.copytree(_trained(sum(version.encode()) % 2), folder)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    described = {"name": "pain of a site", "version": version, "intended_use": "Tests of the node."}
    changed = manifest["settings"] | {"demonstration": False} | settings
    write_manifest(folder, {**manifest, **described, "settings": changed})
    (folder / "study").mkdir()
    (folder / "study" / "clinical.csv").write_text("patient,clinical.age\nDOE,63\n")
    return folder


@cache
def _trained(seed: int) -> Path:
    root = mkdtemp()
    atexit.register(shutil.rmtree, root)
    folder = Path(root) / "pain"
    pain = built_in("pain")
    train_target(
        pain.model_copy(update={"variants": pain.variants[:1]}),
        read_reference(WEIGHTS / "pain" / "reference.json"),
        folder,
        seed=seed,
        n_patients=120,
        created="2026-11-28",
        profiles={profile.label: profile.digest for profile in PROFILES.values()},
    )
    return folder
