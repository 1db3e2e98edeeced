from pydicom.uid import UID, AllTransferSyntaxes
from pynetdicom import AllStoragePresentationContexts
from pynetdicom.sop_class import StorageCommitmentPushModel, Verification

from node.receiver import contexts
from node.sop_classes import ANALYSED, MADE_HERE, STORED_ONLY


def test_every_known_class_is_offered_in_every_transfer_syntax() -> None:
    offered = {context.abstract_syntax: context for context in contexts.supported()}
    assert set(offered) == ANALYSED | STORED_ONLY | {Verification, StorageCommitmentPushModel}
    for sop_class in ANALYSED | STORED_ONLY:
        assert tuple(offered[sop_class].transfer_syntax) == contexts.TRANSFER_SYNTAXES


def test_the_lists_hold_what_they_say() -> None:
    storage = {context.abstract_syntax for context in AllStoragePresentationContexts}
    assert storage >= ANALYSED | STORED_ONLY
    assert not ANALYSED & STORED_ONLY
    assert STORED_ONLY >= MADE_HERE
    assert all(UID(uid).is_transfer_syntax for uid in contexts.TRANSFER_SYNTAXES)
    assert set(AllTransferSyntaxes) - set(contexts.TRANSFER_SYNTAXES) == {
        uid
        for uid in AllTransferSyntaxes
        if any(word in UID(uid).name for word in ("MPEG", "HEVC", "SMPTE", "JPIP"))
    }
