"""Destinations: whether they answer, and confirm what they are said to confirm."""

import tempfile
from collections.abc import Iterator

from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.sop_class import (
    StorageCommitmentPushModel,
    StudyRootQueryRetrieveInformationModelFind,
    Verification,
)

from node.delivery.tls import tls_of
from node.doctor.check import Check
from node.settings import CStoreDestination, Destination, FolderDestination, Settings, StowDestination

#: what a destination has to offer for its `commitment`
SERVICES = {
    "storage-commitment": str(StorageCommitmentPushModel),
    "c-find": str(StudyRootQueryRetrieveInformationModelFind),
}


def destinations(settings: Settings) -> Iterator[Check]:
    """Check that every destination can be used; nothing is left there."""
    if not settings.destinations:
        yield Check("destinations", "warning", "none: results stay in data_dir", "add [[destinations]]")
    for to in settings.destinations:
        yield _destination(to, settings.receiver.ae_title)


def _destination(to: Destination, calling: str) -> Check:
    match to:
        case CStoreDestination():
            return _storage(to, calling)
        case StowDestination():
            return _web_service(to)
        case FolderDestination():
            return _folder(to)
    raise AssertionError(f"no destination of kind {to.kind!r}")


def _storage(to: CStoreDestination, calling: str) -> Check:
    """Ask for Verification (PS3.4 A), and propose what confirms results."""
    name, text = f"destination {to.name}", to.address
    advice = f"is it running, does it know {calling}, are address and AE title right?"
    try:
        association = _associate(to, calling)
    except OSError as error:
        return Check(name, "failed", f"{text}: cannot be reached: {error}", advice)
    if association.is_rejected:
        why = association.acceptor.primitive.reason_str
        return Check(name, "failed", f"{text}: rejected the association: {why}", advice)
    if not association.is_established:
        return Check(name, "failed", f"{text}: no association", advice)
    try:
        offered = {str(context.abstract_syntax) for context in association.accepted_contexts}
        if str(Verification) in offered and association.send_c_echo().get("Status") != 0:
            return Check(name, "failed", f"{text}: did not answer C-ECHO with success", advice)
    finally:
        association.release()
    return _confirms(to, name, text, [kind for kind, service in SERVICES.items() if service in offered])


def _confirms(to: CStoreDestination, name: str, text: str, offered: list[str]) -> Check:
    """Compare what confirms results with what is on offer."""
    if to.commitment == "none":
        remark = f"; commitment is none, it offers {' and '.join(offered)}" if offered else ""
        return Check(name, "ok", f"{text} answers{remark}")
    if to.commitment in offered:
        return Check(name, "ok", f"{text} answers; {to.commitment} confirms what it takes")
    rest = f"{offered[0]} confirms instead" if offered else "a C-STORE's success has to do"
    advice = f"have it accept {to.commitment}, or choose another commitment for {to.name}"
    return Check(name, "warning", f"{text} answers; does not accept {to.commitment}: {rest}", advice)


def _associate(to: CStoreDestination, calling: str) -> Association:
    entity = AE(ae_title=calling)
    entity.acse_timeout = entity.dimse_timeout = to.timeout_s
    entity.network_timeout = entity.connection_timeout = to.timeout_s
    for service in (str(Verification), *SERVICES.values()):
        entity.add_requested_context(service)
    return entity.associate(to.host, to.port, ae_title=to.ae_title, tls_args=tls_of(to))


def _web_service(to: StowDestination) -> Check:
    from node.delivery.stow import Stow  # noqa: PLC0415 - an HTTP client that few nodes need

    problem = Stow(to).reach()
    if problem is None:
        return Check(f"destination {to.name}", "ok", f"{to.url} answers QIDO-RS")
    return Check(f"destination {to.name}", "failed", f"{to.url} {problem}", "are url, ca and login right?")


def _folder(to: FolderDestination) -> Check:
    """Write a file without a name: that tells of a read-only or full file system as well."""
    name = f"destination {to.name}"
    try:
        with tempfile.TemporaryFile(dir=to.path) as file:
            file.write(bytes(4096))
    except OSError as error:
        advice = "make or mount the folder, make room, or make this user its owner"
        return Check(name, "failed", f"{to.path} cannot be written: {error.strerror}", advice)
    return Check(name, "ok", f"{to.path} can be written")
