"""The status page's HTTP server, in a thread of the process that owns it."""

import socket
import threading
from types import TracebackType

import uvicorn
from sqlalchemy import Engine

from node.errors import ConfigurationError
from node.settings import Settings
from node.web.app import create_app


class WebServer:
    """Serve the status page until stopped; a context manager.

    Parameters
    ----------
    settings : Settings
        `web.host` and `web.port`; port 0 takes any free one.
    engine : Engine
        The node's database, migrated; only clinical variables are written.

    Raises
    ------
    ConfigurationError
        On entering, if the address cannot be bound.
    """

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self._settings = settings
        self._server = uvicorn.Server(
            uvicorn.Config(
                create_app(settings, engine),
                log_config=None,
                access_log=False,
                lifespan="off",
                timeout_graceful_shutdown=2,
            )
        )
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where the page is: "http://host:port/"; the true port once started."""
        port = self._socket.getsockname()[1] if self._socket else self._settings.web.port
        host = self._settings.web.host
        return f"http://{f'[{host}]' if ':' in host else host}:{port}/"

    def start(self) -> None:
        """Bind, then serve in a thread; a request sent from now on is answered."""
        self._socket = self._bind()
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="web", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End the requests under way, give the port back."""
        self._server.should_exit = True
        if self._thread:
            self._thread.join()
        if self._socket:
            self._socket.close()

    def __enter__(self) -> "WebServer":
        """Start."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    def _bind(self) -> socket.socket:
        web = self._settings.web
        family = socket.AF_INET6 if ":" in web.host else socket.AF_INET
        try:
            return socket.create_server((web.host, web.port), family=family, backlog=128)
        except OSError as error:
            raise ConfigurationError(
                f"web.host, web.port: {web.host}:{web.port} cannot be bound: {error.strerror}; "
                "choose another port, or 0 for any free one"
            ) from None
