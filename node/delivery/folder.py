"""Results into a folder: written durably, one file per object, nothing overwritten."""

from collections.abc import Generator, Sequence
from pathlib import Path

from pydicom import dcmread
from pydicom.errors import InvalidDicomError

from node import durable
from node.delivery.objects import Outgoing, Receipt
from node.errors import StoreError, TransientDeliveryError
from node.settings import Destination


class Folder:
    """A folder as a destination: <path>/<StudyInstanceUID>/<SOPInstanceUID>.dcm.

    Parameters
    ----------
    destination : Destination
    _ae_title : str
        Not needed.
    """

    def __init__(self, destination: Destination, _ae_title: str) -> None:
        self._name = destination.name
        self._root = destination.path or Path()

    def send(self, objects: Sequence[Outgoing]) -> Generator[Receipt, None, None]:
        """Write objects; see `node.delivery.destinations.Destination`."""
        for item in objects:
            yield self._write(item)

    def _write(self, item: Outgoing) -> Receipt:
        try:
            data = item.path.read_bytes()
            study = str(dcmread(item.path, specific_tags=["StudyInstanceUID"]).StudyInstanceUID)
        except (OSError, InvalidDicomError, AttributeError) as error:
            why = getattr(error, "strerror", None) or "not a DICOM file"
            return Receipt(item.delivery_id, "refused", f"{item.path.name} cannot be read: {why}")
        target = self._root / study / f"{item.sop_instance_uid}.dcm"
        try:
            return self._place(item, data, target)
        except (OSError, StoreError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise TransientDeliveryError(f"{self._name}: {target.parent} cannot be written: {why}") from None

    def _place(self, item: Outgoing, data: bytes, target: Path) -> Receipt:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            same = target.read_bytes() == data
            text = f"{target} is there with other content; remove it, then retry the study"
            return Receipt(
                item.delivery_id, "delivered" if same else "refused", None if same else text, "folder"
            )
        part = target.with_name(f".{target.name}{durable.PART}")
        part.unlink(missing_ok=True)  # of an attempt that was killed
        durable.write(part, target, [data])
        return Receipt(item.delivery_id, "delivered", by="folder")
