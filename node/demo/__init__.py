"""The whole way in small: a generated patient pushed to a node, the results received by an archive."""

from node.demo.scenario import Demonstration, Outcome

__all__ = ["Demonstration", "Outcome"]
