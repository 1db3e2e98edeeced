"""The index: rows that tell what the files are; behind the acknowledgement, and rebuilt from the files."""

from node.index.messages import AssociationEnded, Message, OwnResult, Refused, Stored
from node.index.rebuild import rebuild
from node.index.writer import Indexer

__all__ = ["AssociationEnded", "Indexer", "Message", "OwnResult", "Refused", "Stored", "rebuild"]
