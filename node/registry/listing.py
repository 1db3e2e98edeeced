"""Every model that there is, shipped or the site's own, with its state and what is wrong with it.

Loads the pipelines; only commands and the doctor import this module.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from models.manifest import ADVICE, MANIFEST, WEIGHTS, Manifest, ManifestError, read_manifest, sha256
from models.verify import kind_of
from node.db import Model
from node.registry import records
from node.registry.folders import folder_of, versions
from node.registry.packages import problems
from node.registry.reading import reading
from node.registry.records import State
from node.settings import Settings

DEFAULT = "shipped default"
REPLACED = "shipped, replaced"


@dataclass(frozen=True, slots=True)
class Entry:
    """A model and what it is used for; `manifest` is None where it cannot be read."""

    name: str
    version: str
    state: str  #: one of `State`, DEFAULT, REPLACED
    folder: Path
    manifest: Manifest | None
    row: Model | None = None  #: None: shipped, or not registered
    problems: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """Segmentation, backbone or predictor."""
        if self.manifest is None:
            return self.row.kind if self.row else "unknown"
        return kind_of(self.folder, self.manifest)

    @property
    def digest(self) -> str:
        """Of its files; of a folder that is gone, what the registry says."""
        return self.manifest.digest if self.manifest else self.row.digest if self.row else ""

    @property
    def demonstration(self) -> bool | None:
        """Whether it was trained on simulated patients; None for what is no predictor."""
        if self.manifest is None:
            return self.row.demonstration if self.row else None
        told = self.manifest.settings.get("demonstration")
        return None if told is None else bool(told)

    @property
    def shipped(self) -> bool:
        """Whether it is part of the software."""
        return self.state in (DEFAULT, REPLACED)

    @property
    def in_use(self) -> bool:
        """Whether a job fails, or a comparison does, if it is not as it should be."""
        return self.state in (DEFAULT, State.ACTIVE, State.SHADOW)


def entries(settings: Settings, name: str | None = None, version: str | None = None) -> Iterator[Entry]:
    """Yield every model, or those of a name, shipped ones first; each is verified as it is yielded.

    Raises
    ------
    ConfigurationError
        The database cannot be used.
    """
    none: tuple[Model, ...] = ()
    rows = reading(settings, records.every, none)
    replaced = {row.name for row in rows if row.state == State.ACTIVE}
    found = [*_shipped(replaced), *_own(settings.models_folder, rows)]
    for entry in found:
        if name in (None, entry.name) and version in (None, entry.version):
            yield _verified(entry)


def _shipped(replaced: set[str]) -> Iterator[Entry]:
    for folder in sorted(path.parent for path in WEIGHTS.glob(f"*/{MANIFEST}")):
        manifest = _manifest(folder)
        state = REPLACED if folder.name in replaced else DEFAULT
        yield Entry(folder.name, manifest.version if manifest else "?", state, folder, manifest)


def _own(models_dir: Path, rows: Sequence[Model]) -> Iterator[Entry]:
    """Give the registered models, then folders that nobody has registered."""
    registered: Mapping[Path, Model] = {folder_of(models_dir, row.name, row.version): row for row in rows}
    for folder, row in registered.items():
        yield Entry(row.name, row.version, row.state, folder, _manifest(folder), row)
    for folder in versions(models_dir):
        if folder not in registered:
            state = State.CANDIDATE.value
            yield Entry(folder.parent.name, folder.name, state, folder, _manifest(folder))


def _verified(entry: Entry) -> Entry:
    wrong = (*problems(entry.folder), *_against_row(entry))
    if wrong and entry.row is not None:
        name = f"{entry.name}@{entry.version}"
        advice = f"activate the package again, or: lumbar-node models retire {name}"
        wrong = tuple(f"{one.partition(ADVICE)[0]}; {advice}" for one in wrong)
    return Entry(entry.name, entry.version, entry.state, entry.folder, entry.manifest, entry.row, wrong)


def _against_row(entry: Entry) -> Iterator[str]:
    """Compare with what was activated: a manifest written anew proves other files as well as the same."""
    if entry.row is None or entry.manifest is None:
        return
    path = entry.folder / MANIFEST
    if sha256(path) != entry.row.sha256:
        yield f"{path}: changed since it was activated"
    if (entry.manifest.version, entry.row.version) != (entry.version, entry.version):
        yield f"{path}: of version {entry.manifest.version}"


def _manifest(folder: Path) -> Manifest | None:
    try:
        return read_manifest(folder)
    except ManifestError:
        return None
