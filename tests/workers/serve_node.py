"""A node in a process of its own: `python serve_node.py SETTINGS.json FUNCTION [ROLE …]`."""

import sys
from pathlib import Path

from node.serve import Role, serve
from node.settings import Settings

if __name__ == "__main__":  # the spawned workers import this module
    sys.path.insert(0, str(Path(__file__).parents[1]))
    roles = [Role(name) for name in sys.argv[3:]] or tuple(Role)
    serve(Settings.model_validate_json(Path(sys.argv[1]).read_text()), roles=roles, function=sys.argv[2])
