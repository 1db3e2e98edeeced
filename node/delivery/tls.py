"""TLS towards another application entity."""

import ssl

from node.settings import RemoteEntity


def tls_of(to: RemoteEntity) -> tuple[ssl.SSLContext, str] | None:
    """Make the TLS side of a connection, as `associate` takes it; None where it has no TLS.

    Made anew for each connection: certificates may have been renewed.

    Raises
    ------
    OSError
        `ca`, `certificate` or `key` cannot be used.
    """
    if not to.tls:
        return None
    context = ssl.create_default_context(cafile=str(to.ca) if to.ca else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if to.certificate is not None and to.key is not None:
        context.load_cert_chain(to.certificate, to.key)
    return context, to.host
