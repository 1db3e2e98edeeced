"""Folders of the site's own models: <models_dir>/<name>/<version>, each there in full or not at all."""

import os
import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from node.durable import sync_folder
from node.errors import ModelRefused

#: names and versions become folders
_WORD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")
RULE: Final = "1 to 64 letters, digits and . _ + -, the first a letter or digit"
#: what tells about a model beside the files that make it; a study folder, with its patients, is none of it
TOLD: Final = ("manifest.json", "MODEL_CARD.md", "metrics.json", "report.html", "report.pdf")
_ASIDE: Final = "."


def folder_of(models_dir: Path, name: str, version: str) -> Path:
    """Return where a model lies."""
    return models_dir / name / version


def versions(models_dir: Path) -> list[Path]:
    """Return the folders of all models of the site's own, registered or not."""
    found = models_dir.glob("*/*/manifest.json")
    return sorted(path.parent for path in found if not path.parent.name.startswith(_ASIDE))


def is_word(word: str) -> bool:
    """Say whether a name or version can be a folder's name."""
    return _WORD.fullmatch(word) is not None


def check_word(what: str, word: str) -> None:
    """Refuse a name or version that is no folder's name.

    Raises
    ------
    ModelRefused
        Saying what is allowed.
    """
    if not is_word(word):
        raise ModelRefused(f"the model's {what} is {word!r}; allowed: {RULE}; train it with another {what}")


def install(source: Path, files: Iterable[str], target: Path, check: Callable[[Path], object]) -> None:
    """Copy a model to its place, durably; whatever is there gives way.

    Parameters
    ----------
    source : Path
        A verified model.
    files : iterable of str
        What its manifest names. They are copied, and the papers that tell about it (`TOLD`); nothing else.
    target : Path
        `folder_of` it.
    check : callable
        Given the copy before it has its place; what it raises leaves everything as it was.
    """
    aside = target.with_name(f"{_ASIDE}{target.name}.{os.getpid()}")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    try:
        for name in dict.fromkeys([*files, *TOLD]):
            if (source / name).is_file():
                _copy(source / name, aside / name)
        sync_folder(aside)
        check(aside)
        _place(aside, target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _copy(path: Path, to: Path) -> None:
    with path.open("rb") as source, to.open("xb") as sink:
        shutil.copyfileobj(source, sink)
        sink.flush()
        os.fsync(sink.fileno())


def _place(aside: Path, target: Path) -> None:
    """Give the copy its name; a folder can only be renamed to where none is, so an old one goes first."""
    if target.exists():
        old = aside.with_name(f"{aside.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        target.rename(old)
        aside.rename(target)
        shutil.rmtree(old)
    else:
        aside.rename(target)
    sync_folder(target.parent)
