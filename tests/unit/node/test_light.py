"""The node's own process stays light: only its workers load the pipelines."""

import subprocess
import sys

HEAVY = (
    *("torch", "monai", "pipelines", "models", "highdicom", "scipy", "matplotlib", "sklearn"),
    *("uvicorn", "alembic", "pynetdicom"),  # loaded by the role, or the child process, that needs them
)


def test_importing_the_node_loads_neither_the_pipelines_nor_a_web_server() -> None:
    code = f"import sys, node.serve; print([name for name in {HEAVY} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
