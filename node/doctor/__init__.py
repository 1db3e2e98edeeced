"""Whether a site is set up: each check says what is there, and what to do if it is not right."""

from collections.abc import Iterator

from node.doctor.check import Check
from node.doctor.delivery import destinations
from node.doctor.machine import backbone, decoders, device, models
from node.doctor.network import peers, receiver, web
from node.doctor.registry import site_models
from node.doctor.segmenters import segmenters
from node.doctor.storage import clinical, data_folder, database
from node.settings import Settings

__all__ = ["Check", "examine"]

CHECKS = (
    data_folder,
    database,
    clinical,
    receiver,
    peers,
    web,
    destinations,
    device,
    decoders,
    models,
    site_models,
    backbone,
    segmenters,
)


def examine(settings: Settings) -> Iterator[Check]:
    """Yield the checks one by one, as they are done; nothing is changed, nothing is left behind."""
    for check in CHECKS:
        yield from check(settings)
