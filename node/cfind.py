"""C-FIND (PS3.4 C.4.1) on an open association."""

from pydicom.dataset import Dataset
from pynetdicom.association import Association
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelFind

PENDING = frozenset({0xFF00, 0xFF01})
SUCCESS = 0x0000


def find(association: Association, level: str, **keys: str) -> list[Dataset] | None:
    """Query in the Study Root model.

    Parameters
    ----------
    association : Association
    level : str
        STUDY, SERIES or IMAGE.
    **keys : str
        By keyword; an empty one is asked for, not matched.

    Returns
    -------
    list of Dataset or None
        None if the query failed.
    """
    query = Dataset()
    query.QueryRetrieveLevel = level
    for keyword, value in keys.items():
        setattr(query, keyword, value or None)
    found = []
    if not association.is_established:
        return None
    for status, identifier in association.send_c_find(query, StudyRootQueryRetrieveInformationModelFind):
        if "Status" not in status or status.Status not in PENDING | {SUCCESS}:
            return None
        if identifier is not None and status.Status in PENDING:
            found.append(identifier)
    return found
