"""Where results can go: the plug-in point, and the kinds that are built in."""

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Protocol, runtime_checkable

from node import settings
from node.delivery.confirming import Report
from node.delivery.cstore import CStore
from node.delivery.folder import Folder
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


@runtime_checkable
class Confirming(Protocol):
    """A destination that can be asked whether it keeps what it took."""

    def confirm(
        self,
        transaction_uid: str,
        objects: Sequence[Outgoing],
        record: Callable[[Report], None],
        settled: Callable[[], bool],
    ) -> Generator[Receipt, None, None]:
        """Ask about objects that were "sent", and say of each what is known.

        Parameters
        ----------
        transaction_uid : str
            Of this try, and of no other.
        objects : sequence of Outgoing
        record : callable
            Takes a report of a storage commitment, from another thread.
        settled : callable
            Whether the report has come by another way.

        Raises
        ------
        TransientDeliveryError
            If the destination cannot be reached, or the connection is lost.
        """
        ...


def _stow(configured: settings.Destination, ae_title: str) -> Destination:
    from node.delivery.stow import Stow  # noqa: PLC0415 - an HTTP client that few nodes need

    return Stow(configured, ae_title)


#: kind in the settings -> its maker, called with the destination's settings and our AE title
KINDS: Mapping[str, Callable[[settings.Destination, str], Destination]] = {
    "c-store": CStore,
    "stow-rs": _stow,
    "folder": Folder,
}


def destination(configured: settings.Destination, ae_title: str) -> Destination:
    """Make the destination that the settings describe."""
    return KINDS[configured.kind](configured, ae_title)
