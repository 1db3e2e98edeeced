"""A node behind Orthanc: what is pushed there is routed to the node, and its results go back there."""

import shutil
import subprocess
from pathlib import Path

import orthanc_server
import pytest
from pydicom import Dataset
from sqlalchemy import select

from node.db import Result, Study
from node.engine import readers
from node.serve import Node
from node.settings import Settings, parse


def behind_orthanc(data_dir: Path, **changes: object) -> Settings:
    """Settings of the node that `orthanc/` routes to, with Orthanc as its destination."""
    pacs = {"name": "pacs", "ae_title": orthanc_server.AET, "host": "127.0.0.1"}
    return parse(
        {
            "data_dir": data_dir,
            "receiver": {"port": orthanc_server.NODE_PORT, "min_free_bytes": 0},
            "completeness": {"quiet_s": 8, "release_s": 4},
            "destinations": [{**pacs, "port": orthanc_server.DICOM_PORT}],
            "web": {"port": 0},
            **changes,
        },
        "test",
    )


def dcmtk(tool: str) -> str:
    """Return the path of dcmtk's tool; pynetdicom has scripts of the same names in the environment."""
    return shutil.which(tool, path="/usr/bin:/usr/local/bin") or pytest.skip(f"no {tool} (Debian: dcmtk)")


def push(*folders: Path) -> None:
    """Send folders to Orthanc with storescu, as a modality does."""
    command = [dcmtk("storescu"), "-aet", "MODALITY", "-aec", orthanc_server.AET, "+sd", "+r"]
    for folder in folders:
        subprocess.run(
            [*command, "127.0.0.1", str(orthanc_server.DICOM_PORT), str(folder)],
            check=True,
            capture_output=True,
        )


def through(node: Node, studies: int) -> bool:
    """Whether so many studies are at the end of their way."""
    with readers(node.engine)() as session:
        states = list(session.scalars(select(Study.state)))
    assert "failed" not in states
    return len(states) == studies and set(states) <= {"done", "ignored"}


def result_uids(node: Node) -> set[str]:
    """Return the SOP Instance UIDs of everything that the node has made."""
    with readers(node.engine)() as session:
        return set(session.scalars(select(Result.sop_instance_uid)))


def dciodvfy_errors(found: Dataset, folder: Path) -> list[str]:
    """Return what dciodvfy calls an error in an object."""
    tool = shutil.which("dciodvfy") or pytest.skip("no dciodvfy (Debian: dicom3tools)")
    path = folder / f"{found.SOPInstanceUID}.dcm"
    found.save_as(path)
    done = subprocess.run([tool, "-new", str(path)], capture_output=True, text=True, check=False)
    return [line for line in done.stderr.splitlines() if line.startswith("Error")]
