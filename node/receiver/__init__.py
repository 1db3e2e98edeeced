"""The Storage SCP; importing it loads neither torch nor the pipelines."""

from node.receiver.scp import Receiver

__all__ = ["Receiver"]
