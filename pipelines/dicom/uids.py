"""UIDs that are a function of what went in: the same inputs and versions give the same objects.

A re-run is byte-identical and a re-send makes no duplicates, because no UID is random.
"""

import hashlib
import uuid
from collections.abc import Iterable

#: Fixed for this product. Changing it renames every result ever made.
NAMESPACE = uuid.UUID("1af677fd-b0f7-4112-aadc-89a2a5228c03")
_SEPARATOR = "\x1f"  # ASCII unit separator: cannot occur in a UID, a name or a version


def derived_uid(*parts: object) -> str:
    """Give the UID that belongs to `parts`: 2.25 and a UUIDv5 (PS3.5 B.2).

    Parameters
    ----------
    *parts : object
        What the object depends on, in a fixed order; compared by their `str()`.

    Returns
    -------
    str
        At most 44 characters.
    """
    return f"2.25.{uuid.uuid5(NAMESPACE, _SEPARATOR.join(map(str, parts))).int}"


def inputs_digest(sop_instance_uids: Iterable[str]) -> str:
    """Digest a set of instances, whatever their order.

    Returns
    -------
    str
        sha256, hexadecimal, of the sorted SOP Instance UIDs.
    """
    joined = _SEPARATOR.join(sorted({str(uid) for uid in sop_instance_uids}))
    return hashlib.sha256(joined.encode()).hexdigest()
