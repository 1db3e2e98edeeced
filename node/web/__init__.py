"""The status page: what the node holds, does and has delivered; read only, no patient names, no torch."""

from node.web.app import create_app
from node.web.server import WebServer

__all__ = ["WebServer", "create_app"]
