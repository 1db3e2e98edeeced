"""The files of deploy/ and orthanc/ as far as they can be checked without starting anything."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from node.settings import load

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


@pytest.fixture
def compose() -> dict[str, Any]:
    return dict(YAML(typ="safe").load(DEPLOY / "compose.yaml"))


def test_settings_of_the_containers_are_right() -> None:
    settings = load(DEPLOY / "node.toml")
    assert settings.destinations[0].host == "orthanc"
    assert [peer.ae_title for peer in settings.receiver.peers] == ["ORTHANC"]


def test_compose_uses_files_that_are_there(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        if "build" in service:
            context = DEPLOY / service["build"]["context"]
            assert (context / service["build"].get("dockerfile", "Dockerfile")).is_file()
        mounted = [volume.split(":")[0] for volume in service.get("volumes", [])]
        for source in mounted:
            assert source in compose["volumes"] or (DEPLOY / source).is_file()


def test_compose_publishes_on_loopback_only(compose: dict[str, Any]) -> None:
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


@pytest.mark.parametrize("file", ["deploy/Dockerfile", "orthanc/Dockerfile"])
def test_images_copy_files_that_are_there(file: str) -> None:
    context = ROOT if file.startswith("deploy") else ROOT / "orthanc"
    lines = re.findall(r"^COPY (?!--from)(.+)$", (ROOT / file).read_text(), re.M)
    sources = [source for line in lines for source in line.split()[:-1]]
    assert sources
    assert [source for source in sources if not (context / source).exists()] == []


def test_orthanc_is_told_the_nodes_defaults() -> None:
    text = (ROOT / "orthanc" / "orthanc.json").read_text()
    defaults = load(None).receiver
    assert f"${{ROUTE_TO_AET:-{defaults.ae_title}}}" in text
    assert f"${{ROUTE_TO_PORT:-{defaults.port}}}" in text


def test_systemd_unit_is_well_formed(tmp_path: Path) -> None:
    tool = shutil.which("systemd-analyze") or pytest.skip("no systemd-analyze (Debian: systemd)")
    unit = (
        (DEPLOY / "lumbar-node.service").read_text().replace("/opt/lumbar-node/bin/lumbar-node", "/bin/true")
    )
    (tmp_path / "lumbar-node.service").write_text(unit)
    done = subprocess.run(
        [tool, "verify", str(tmp_path / "lumbar-node.service")], capture_output=True, text=True, check=False
    )
    assert [line for line in done.stderr.splitlines() if "lumbar-node.service" in line] == []
