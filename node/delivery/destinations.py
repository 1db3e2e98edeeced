"""Where results can go: the plug-in point, and the kinds that are built in."""

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Protocol

from node import settings
from node.delivery.cstore import CStore
from node.delivery.objects import Outgoing, Receipt


class Destination(Protocol):
    """Takes result objects."""

    def send(self, objects: Sequence[Outgoing]) -> Generator[Receipt, None, None]:
        """Send objects, and say after each what became of it.

        Closing the iterator ends the connection. Objects without a receipt are sent again another time.

        Raises
        ------
        TransientDeliveryError
            If the destination cannot be reached, or the connection is lost.
        """
        ...


#: kind in the settings -> its maker, called with the destination's settings and our AE title
KINDS: Mapping[str, Callable[[settings.Destination, str], Destination]] = {"c-store": CStore}


def destination(configured: settings.Destination, ae_title: str) -> Destination:
    """Make the destination that the settings describe."""
    return KINDS[configured.kind](configured, ae_title)
