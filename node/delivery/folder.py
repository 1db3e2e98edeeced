"""Results into a folder: written durably, one file per object, nothing overwritten."""

from collections.abc import Generator, Sequence
from pathlib import Path

from node import durable
from node.delivery.objects import Outgoing, Receipt, whereabouts
from node.errors import StoreError, TransientDeliveryError
from node.settings import FolderDestination


class Folder:
    """A folder as a destination: <path>/<StudyInstanceUID>/<SOPInstanceUID>.dcm.

    Parameters
    ----------
    destination : FolderDestination
        `path` must be there: where it is a mount point, nothing is to be written below it unmounted.
    """

    def __init__(self, destination: FolderDestination) -> None:
        self._name = destination.name
        self._root = destination.path

    def send(self, objects: Sequence[Outgoing]) -> Generator[Receipt, None, None]:
        """Write objects; see `node.delivery.destinations.Destination`."""
        if not self._root.is_dir():
            raise TransientDeliveryError(f"{self._name}: {self._root} is not there; is it mounted?")
        for item in objects:
            yield self._write(item)

    def _write(self, item: Outgoing) -> Receipt:
        try:
            study, _ = whereabouts(item)
            data = item.path.read_bytes()
        except (OSError, StoreError) as error:
            return Receipt(item.delivery_id, "refused", str(error))
        target = self._root / study / f"{item.sop_instance_uid}.dcm"
        try:
            return self._place(item, data, target)
        except (OSError, StoreError) as error:
            why = f"{target.parent} cannot be used: {error.strerror}" if isinstance(error, OSError) else error
            raise TransientDeliveryError(f"{self._name}: {why}") from None

    def _place(self, item: Outgoing, data: bytes, target: Path) -> Receipt:
        durable.make_folder(target.parent)
        if not target.exists():
            durable.replace(target, data)
        elif target.read_bytes() != data:
            text = f"{target} is there with other content; remove it, then retry the delivery"
            return Receipt(item.delivery_id, "refused", text)
        return Receipt(item.delivery_id, "delivered", by="folder")
