"""Presentation contexts that the Storage SCP accepts (PS3.8 9.3.2): what is stored, as it comes.

Nothing is decoded on the way in, so every transfer syntax for which a data set can be filed is accepted, and
the sender's first choice wins. Video and audio are left out: no SOP class here uses them. A SOP class that is
not in `node.sop_classes` is rejected in the negotiation (abstract syntax not supported), private ones too.
"""

from pydicom import uid
from pynetdicom import build_context
from pynetdicom.presentation import PresentationContext
from pynetdicom.sop_class import StorageCommitmentPushModel, Verification

from node.sop_classes import ANALYSED, STORED_ONLY

TRANSFER_SYNTAXES: tuple[uid.UID, ...] = (
    uid.ExplicitVRLittleEndian,
    uid.ImplicitVRLittleEndian,
    uid.DeflatedExplicitVRLittleEndian,
    uid.ExplicitVRBigEndian,
    uid.RLELossless,
    uid.JPEGBaseline8Bit,
    uid.JPEGExtended12Bit,
    uid.JPEGLossless,
    uid.JPEGLosslessSV1,
    uid.JPEGLSLossless,
    uid.JPEGLSNearLossless,
    uid.JPEG2000Lossless,
    uid.JPEG2000,
    uid.JPEG2000MCLossless,
    uid.JPEG2000MC,
    uid.HTJ2KLossless,
    uid.HTJ2KLosslessRPCL,
    uid.HTJ2K,
    uid.UID("1.2.840.10008.1.2.4.110"),  # JPEG XL Lossless
    uid.UID("1.2.840.10008.1.2.4.111"),  # JPEG XL JPEG Recompression
    uid.UID("1.2.840.10008.1.2.4.112"),  # JPEG XL
    uid.UID("1.2.840.10008.1.2.8.1"),  # Deflated Image Frame Compression
)


def supported() -> list[PresentationContext]:
    """Return the contexts: Verification, Storage of every known SOP class, and storage commitment both ways.

    A peer asks for the commitment of what it sent here, or reports, in the role of SCP, on results it got.
    """
    storage = [
        build_context(sop_class, list(TRANSFER_SYNTAXES)) for sop_class in sorted(ANALYSED | STORED_ONLY)
    ]
    commitment = build_context(StorageCommitmentPushModel)
    commitment.scu_role = commitment.scp_role = True
    return [build_context(Verification), commitment, *storage]
