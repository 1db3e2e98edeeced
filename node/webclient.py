"""An HTTP client for a DICOMweb server, as the settings say."""

import ssl

import httpx

from node.settings import WebService


def client_of(server: WebService, timeout_s: float, accept: str = "application/dicom+json") -> httpx.Client:
    """Make a client; made anew for each use: certificates may have been renewed.

    Parameters
    ----------
    server : WebService
    timeout_s : float
        Seconds for the connection, and for each read.
    accept : str
        What is asked for.

    Raises
    ------
    OSError
        `ca` cannot be used.
    """
    headers = {"Accept": accept}
    if server.token is not None:
        headers["Authorization"] = f"Bearer {server.token.get_secret_value()}"
    login = (server.user, server.password.get_secret_value()) if server.user and server.password else None
    verify = ssl.create_default_context(cafile=str(server.ca) if server.ca else None)
    return httpx.Client(headers=headers, auth=login, verify=verify, timeout=timeout_s, trust_env=False)
