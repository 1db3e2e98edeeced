"""Where results can go: what a destination does, and the kinds there are."""

from collections.abc import Generator, Sequence
from typing import Protocol, runtime_checkable

from node import settings
from node.delivery.confirming import Inquiry
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

    def confirm(self, objects: Sequence[Outgoing], inquiry: Inquiry | None) -> Generator[Receipt, None, None]:
        """Ask about objects that were "sent", and say of each what is known, if anything.

        Parameters
        ----------
        objects : sequence of Outgoing
        inquiry : Inquiry or None
            The storage commitment to ask for now, of some or all of them.

        Raises
        ------
        TransientDeliveryError
            If the destination cannot be reached, or the connection is lost.
        """
        ...


def destination(configured: settings.Destination, ae_title: str) -> Destination:
    """Make the destination that the settings describe, which calls itself `ae_title`."""
    match configured:
        case settings.CStoreDestination():
            return CStore(configured, ae_title)
        case settings.StowDestination():
            from node.delivery.stow import Stow  # noqa: PLC0415 - an HTTP client that few nodes need

            return Stow(configured)
        case settings.FolderDestination():
            return Folder(configured)
    raise AssertionError(f"no destination of kind {configured.kind!r}")
