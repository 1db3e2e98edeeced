"""Clinical variables of a patient: <clinical_dir>/<PatientID>.json, looked up when they are needed.

The PatientID is read from a stored object and forgotten again; the database never sees it.
"""

import json
from pathlib import Path
from typing import Any

from pydicom import dcmread

from pipelines.errors import InputError


def clinical_variables(folder: Path, header: Path) -> dict[str, Any] | None:
    """Return a patient's clinical variables, or None if the site has not given any.

    Parameters
    ----------
    folder : Path
        Holds one JSON object per patient.
    header : Path
        Any stored instance of the patient.

    Raises
    ------
    InputError
        If the file is there but is not a JSON object. The message does not name it: its name is a PatientID.
    """
    dataset = dcmread(header, stop_before_pixels=True, specific_tags=["PatientID"])
    path = clinical_path(folder, str(dataset.get("PatientID") or "").strip())
    if path is None or not path.is_file():
        return None
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise _unreadable(f"not valid JSON: {type(error).__name__}") from None
    if not isinstance(values, dict):
        raise _unreadable("not a JSON object")
    return values


def clinical_path(folder: Path, patient_id: str) -> Path | None:
    r"""Return where a patient's variables would be, None for an ID that cannot be a file's name.

    PatientID is LO (PS3.5 6.2): up to 64 characters, `/` and `..` among them. One that would lead out of the
    folder, or to a hidden file, names nothing.
    """
    unsafe = {"/", "\\", "\0"} & set(patient_id)
    if not patient_id or unsafe or patient_id.startswith(".") or len(patient_id.encode()) > 240:
        return None
    return folder / f"{patient_id}.json"


def _unreadable(what: str) -> InputError:
    return InputError(
        "CLINICAL_INVALID",
        f"the patient's file in cases.clinical_dir is {what}; correct or remove it and retry the study",
    )
