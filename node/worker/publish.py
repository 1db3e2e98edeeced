"""Result files: written aside by the worker, and given their place only when they are whole.

<data_dir>/results/<StudyInstanceUID>/<revision>/<SOPInstanceUID>.dcm  what the Result rows point to
<data_dir>/results/<StudyInstanceUID>/.<revision>.<attempt>            being written
"""

import os
import shutil
from pathlib import Path

from node.durable import sync_folder
from node.worker.messages import Done, Made

RESULTS = "results"


def workspace(data_dir: Path, study_uid: str, revision: int, attempt: int) -> Path:
    """Return the folder for one attempt at a study's results."""
    return data_dir / RESULTS / study_uid / f".{revision}.{attempt}"


def prepare(folder: Path) -> None:
    """Make a workspace, empty, and remove what earlier attempts left."""
    for left in folder.parent.glob(f"{folder.stem}.*"):
        discard(left)
    folder.mkdir(parents=True)


def discard(folder: Path) -> None:
    """Remove what an attempt has written, if anything."""
    if folder.exists():
        shutil.rmtree(folder)


def publish(done: Done, aside: Path, data_dir: Path, study_uid: str, revision: int) -> tuple[Made, ...]:
    """Give the results of a study their place, durably.

    A case's job makes the objects of every study of the case. Those of the other studies are already theirs,
    made by their own jobs; they are dropped.

    Parameters
    ----------
    done : Done
        What the worker says it has made, in `aside`.
    aside : Path
        The attempt's workspace; removed.
    data_dir : Path
    study_uid : str
        The study whose job it was.
    revision : int

    Returns
    -------
    tuple of Made
        The study's own objects, at their place. An object that has one already, from whichever revision,
        keeps it and its bytes: the same UID is the same object (PS3.5 9), which may have been delivered.
        What is no object (summary.json) is replaced.
    """
    final = data_dir / RESULTS / study_uid / str(revision)
    final.mkdir(parents=True, exist_ok=True)
    objects = {made.path for made in done.made}
    for path in sorted(p for p in aside.rglob("*") if p.is_file() and p not in objects):
        _place(path, final / path.relative_to(aside))
    own = tuple(_settled(made, final) for made in done.made if made.study_uid == study_uid)
    sync_folder(final)
    sync_folder(final.parent)
    discard(aside)
    return own


def _settled(made: Made, final: Path) -> Made:
    """Place an object under its UID, unless it has its place already; return where it is."""
    name = f"{made.sop_instance_uid}.dcm"
    path = next(iter(sorted(final.parent.glob(f"[0-9]*/{name}"))), final / name)
    if not path.exists():
        _place(made.path, path)
    return Made(path, made.kind, made.sop_class_uid, made.sop_instance_uid, made.study_uid)


def _place(path: Path, final: Path) -> None:
    final.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fdatasync(descriptor)
    finally:
        os.close(descriptor)
    path.replace(final)
