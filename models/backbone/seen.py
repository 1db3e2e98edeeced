"""Which patients a fine-tuned encoder has learned the outcome of.

Features of such a patient know the answer: an evaluation on them says nothing. The encoder's folder therefore
carries salted digests of their identifiers, and whoever extracts features asks here first. The identifiers in
clear stay at the site, in `study/seen.csv`.
"""

import csv
import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

FILE = "seen.json"
CLEAR = Path("study") / "seen.csv"


class SeenError(ValueError):
    """Patients are asked for whose outcome the encoder has learned."""


def write_seen(folder: Path, patients: Mapping[str, str], salt: str) -> None:
    """Write seen.json, and study/seen.csv for the site alone.

    Parameters
    ----------
    folder : Path
        The encoder's.
    patients : mapping of str to str
        Identifier to what the patient was used for: "training" or "stopping".
    salt : str
        Something that no other encoder has, such as the table's digest.
    """
    digests = sorted(_digest(salt, patient) for patient in patients)
    content = json.dumps({"salt": salt, "patients": digests}, indent=1) + "\n"
    (folder / FILE).write_text(content, encoding="utf-8")
    (folder / CLEAR).parent.mkdir(exist_ok=True)
    with (folder / CLEAR).open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([("patient", "used_for"), *sorted(patients.items())])


def seen_among(folder: Path, patients: Iterable[str]) -> list[str]:
    """Give those of the patients whose outcome the encoder in `folder` has learned; in their order.

    Raises
    ------
    SeenError
        If seen.json is there and cannot be read: nobody can then be said to be unseen.
    """
    path = folder / FILE
    if not path.exists():
        return []
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        salt, digests = content["salt"], set(content["patients"])
    except (OSError, ValueError, KeyError, TypeError):
        raise SeenError(f"{path}: damaged; take the encoder's folder from its source again") from None
    return [patient for patient in patients if _digest(salt, patient) in digests]


def refuse_seen(folder: Path, patients: Iterable[str], in_sample: Iterable[str] = ()) -> None:
    """Refuse features for an evaluation on patients whose outcome the encoder has learned.

    Parameters
    ----------
    folder : Path
        The encoder's.
    patients : iterable of str
        Those whose features are wanted.
    in_sample : iterable of str
        Those of them that are marked as in-sample: their features are given, for anything but an evaluation.

    Raises
    ------
    SeenError
        Naming the first of them.
    """
    marked = set(in_sample)
    found = [patient for patient in seen_among(folder, patients) if patient not in marked]
    if found:
        more = f" and {len(found) - 3} more" if len(found) > 3 else ""
        raise SeenError(
            f"the encoder in {folder} was fine-tuned on {', '.join(found[:3])}{more}: their deep features "
            "know the outcome; leave them out, mark them as in-sample, or take another encoder"
        )


def _digest(salt: str, patient: str) -> str:
    return hashlib.sha256(f"{salt}{patient}".encode()).hexdigest()
