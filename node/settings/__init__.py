"""Settings: one frozen model from one TOML file plus LUMBAR_NODE_… variables, passed down, never global."""

from node.settings.analysis import Cases, Results, Segmentation, Segmenter, Worker
from node.settings.completeness import Completeness, Required
from node.settings.delivering import CStoreDestination, Destination, FolderDestination, StowDestination
from node.settings.keeping import Audit, Retention
from node.settings.model import Settings
from node.settings.reading import load, parse
from node.settings.receiving import Peer, Priority, Receiver, Tls
from node.settings.remote import RemoteEntity, WebService
from node.settings.retrieving import DicomwebSource, DimseSource, Retrieval, Source
from node.settings.web import Web

__all__ = [
    "Audit",
    "CStoreDestination",
    "Cases",
    "Completeness",
    "Destination",
    "DicomwebSource",
    "DimseSource",
    "FolderDestination",
    "Peer",
    "Priority",
    "Receiver",
    "RemoteEntity",
    "Required",
    "Results",
    "Retention",
    "Retrieval",
    "Segmentation",
    "Segmenter",
    "Settings",
    "Source",
    "StowDestination",
    "Tls",
    "Web",
    "WebService",
    "Worker",
    "load",
    "parse",
]
