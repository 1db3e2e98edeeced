"""TLS for the receiver: the profile of BCP 195 (PS3.15 B.12), with certificates of clients where wanted."""

import ssl
from pathlib import Path

from node.errors import ConfigurationError
from node.settings import Tls

#: TLS 1.2 as RFC 9325 4.2 leaves it: ephemeral keys and authenticated encryption; TLS 1.3 has nothing else
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
VERIFY = {"none": ssl.CERT_NONE, "optional": ssl.CERT_OPTIONAL, "required": ssl.CERT_REQUIRED}


def context_of(settings: Tls) -> ssl.SSLContext:
    """Make the context of the listening side.

    Raises
    ------
    ConfigurationError
        A file cannot be read, or key and certificate do not belong together; names key and file.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.options |= ssl.OP_NO_RENEGOTIATION
    for name, path in (("certificate", settings.certificate), ("key", settings.key)):
        _readable(name, path)
    try:
        context.load_cert_chain(settings.certificate, settings.key)
    except (ssl.SSLError, OSError) as error:
        raise ConfigurationError(
            f"receiver.tls: {settings.certificate} and {settings.key} cannot be used: {reason(error)}; "
            "give the certificate (with its chain) and its unencrypted private key, both PEM"
        ) from None
    if settings.client_ca is not None:
        _readable("client_ca", settings.client_ca)
        try:
            context.load_verify_locations(settings.client_ca)
        except (ssl.SSLError, OSError) as error:
            raise ConfigurationError(
                f"receiver.tls.client_ca: {settings.client_ca} cannot be used: {reason(error)}; "
                "give the certificates that sign those of the clients, PEM"
            ) from None
    context.verify_mode = VERIFY[settings.client_certificates]
    return context


def reason(error: OSError) -> str:
    """Say in words why TLS failed: OpenSSL's reason, or the system's."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return str(error.verify_message)
    if isinstance(error, ssl.SSLError) and error.reason:
        return str(error.reason).lower().replace("_", " ")
    return error.strerror or str(error) or type(error).__name__


def _readable(name: str, path: Path) -> None:
    try:
        path.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"receiver.tls.{name}: {path} cannot be read: {error.strerror}; check path and permissions"
        ) from None
