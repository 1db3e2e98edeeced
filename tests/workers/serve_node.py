"""A node in a process of its own: `python serve_node.py SETTINGS.json FUNCTION`."""

import sys
from pathlib import Path

from node.serve import serve
from node.settings import Settings

if __name__ == "__main__":  # the spawned workers import this module
    sys.path.insert(0, str(Path(__file__).parents[1]))
    serve(Settings.model_validate_json(Path(sys.argv[1]).read_text()), function=sys.argv[2])
