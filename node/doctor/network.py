"""Ports and peers."""

import errno
import socket
from collections.abc import Iterator

from pynetdicom import AE
from pynetdicom.sop_class import Verification

from node.doctor.check import Check
from node.settings import Settings

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def receiver(settings: Settings) -> Iterator[Check]:
    """Check that the receiver's port is free, or that the node already answers there."""
    where = settings.receiver
    name, text = "receiver", f"{where.ae_title} @ {where.host}:{where.port}"
    match _bind(where.host, where.port):
        case None:
            yield Check(name, "ok", f"{text} is free")
        case errno.EADDRINUSE if echo(where.ae_title, where.ae_title, where.host, where.port, 5) is None:
            yield Check(name, "ok", f"{text} answers C-ECHO: the node is running")
        case errno.EADDRINUSE:
            yield Check(name, "failed", f"{text} is taken by another program", "choose another receiver.port")
        case code:
            advice = "correct receiver.host; a port below 1024 needs CAP_NET_BIND_SERVICE"
            yield Check(name, "failed", f"{text}: {errno.errorcode.get(code, code)}", advice)


def peers(settings: Settings) -> Iterator[Check]:
    """Check that a receiver which others can reach knows whom to trust."""
    known = settings.receiver.peers
    if known:
        yield Check("peers", "ok", ", ".join(peer.ae_title for peer in known))
    elif settings.receiver.host in LOOPBACK:
        yield Check("peers", "ok", "any calling AE title, from this machine only")
    else:
        yield Check(
            "peers", "warning", "any calling AE title, from any machine", "list them in receiver.peers"
        )


def web(settings: Settings) -> Iterator[Check]:
    """Check the status page's port."""
    page = settings.web
    if not page.enabled:
        yield Check("web", "ok", "off")
    elif _bind(page.host, page.port):
        text = f"{page.host}:{page.port} cannot be bound"
        yield Check("web", "warning", text, "fine if the node is running; else choose another web.port")
    elif page.host not in LOOPBACK:
        text = f"{page.host}:{page.port} is open to other machines without a password"
        yield Check("web", "warning", text, "keep it on 127.0.0.1 behind a proxy that asks who is there")
    else:
        yield Check("web", "ok", f"http://{page.host}:{page.port}/ is free")


def echo(calling: str, called: str, host: str, port: int, timeout: float) -> str | None:
    """Ask for Verification (PS3.4 A); return None, or what went wrong."""
    ae = AE(ae_title=calling)
    ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = ae.connection_timeout = timeout
    ae.add_requested_context(Verification)
    association = ae.associate(host, port, ae_title=called)
    if association.is_rejected:
        return f"rejected the association: {association.acceptor.primitive.reason_str}"
    if not association.is_established:
        return "no association"
    try:
        status = association.send_c_echo()
        return None if status and status.Status == 0 else "did not answer C-ECHO with success"
    finally:
        association.release()


def _bind(host: str, port: int) -> int | None:
    """Bind and let go; return the error number if that fails."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        return error.errno or -1
    return None
