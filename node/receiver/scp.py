"""The receiver: a Storage and Verification SCP (PS3.4 annexes A and B) before a store and its index."""

import json
import os
import ssl
import threading
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from pynetdicom import AE, evt
from sqlalchemy import Engine

from node import durable, logs
from node.audit import Trail
from node.completeness import utc_now
from node.errors import ConfigurationError
from node.index import Indexer, rebuild
from node.loop import OnDeath
from node.receiver import contexts, tls
from node.receiver.admission import Admission
from node.receiver.commitment import CommitmentService
from node.receiver.handlers import Handlers
from node.receiver.storage import StorageService
from node.receiver.transport import NodeServer, configure_library, use_one_heap
from node.seat import Seat
from node.settings import Settings
from node.store import Store

ASSOCIATION_REQUEST_S = 10  #: how long a connection may stay without an association request
STOP_S = 30.0  #: how long stop() waits for the handlers
POLL_S = 0.1  #: how soon the listener sees that it should stop
NO_LIMIT = 1 << 30

log = logs.get(__name__)


def _noop() -> None:
    pass


class Receiver:
    """Listens, stores, and keeps the index; serves once, from `start` to `stop`.

    Parameters
    ----------
    settings : Settings
    engine : Engine
        Of a migrated database.
    on_change : callable, optional
        Called after each change of the index, from the index thread; it must return soon.
    on_death : callable, optional
        See `node.loop.Loop`.

    Examples
    --------
    >>> with Receiver(settings, engine) as receiver:  # doctest: +SKIP
    ...     print(receiver.port)
    """

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        on_change: Callable[[], None] = _noop,
        on_death: OnDeath = _noop,
    ) -> None:
        self._settings = settings
        self._engine = engine
        self._store = Store(settings.data_dir, settings.receiver.min_free_bytes)
        self._trail = Trail(settings)
        self._indexer = Indexer(engine, settings.completeness, on_change, self._on_transfer)
        service = StorageService(self._store, engine, self._indexer.submit, settings.receiver.priorities)
        self._admission = Admission(settings.receiver)
        self._commitments = CommitmentService(settings.receiver, engine, self._store, on_death)
        self._handlers = Handlers(self._admission, service, self._indexer.submit, self._trail)
        self._published = settings.data_dir / "run" / "receiver.json"
        self._servers: dict[str, NodeServer] = {}  # "port", "tls_port"
        self._running = ExitStack()

    @property
    def port(self) -> int:
        """The port that is listened on without TLS, also where the settings say 0."""
        return self._port("port")

    @property
    def tls_port(self) -> int:
        """The port that is listened on with TLS, also where the settings say 0."""
        return self._port("tls_port")

    def start(self) -> None:
        """Bring the index up to the files, then listen.

        Raises
        ------
        ConfigurationError
            The port is taken, or another receiver uses the data folder: it would lose what it is writing.
        """
        configure_library()
        use_one_heap()
        with ExitStack() as started:
            seat = Seat(self._settings.data_dir, "receiver")
            seat.take()
            started.callback(seat.leave)
            self._bind_all(started)
            swept = self._store.prepare()
            missing = rebuild(self._engine, self._store, self._settings.completeness, utc_now())
            self._indexer.start()
            started.callback(self._indexer.stop)
            self._commitments.start()
            started.callback(self._commitments.stop)
            for name, server in self._servers.items():
                threading.Thread(
                    target=server.serve_forever, args=(POLL_S,), name=f"receiver {name}", daemon=True
                ).start()
            started.callback(self._silence)
            self._publish()
            started.callback(self._published.unlink, missing_ok=True)
            self._running = started.pop_all()
        log.info("receiving", **self._ports(), swept_parts=swept, rebuilt_rows=missing)

    def stop(self) -> None:
        """Stop listening, let the running handlers finish, end the associations, and flush the index."""
        self._running.close()

    def open_associations(self) -> int:
        """Return how many associations are open, as `max_associations` counts them."""
        return self._admission.open()

    def flush(self, timeout: float | None = None) -> bool:
        """Wait until every acknowledged instance is in the index; return whether it is."""
        return self._indexer.flush(timeout)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _on_transfer(self, calling_ae: str, studies: tuple[str, ...], released: bool) -> None:
        trouble = None if released else "the association was aborted or lost"
        self._trail.transferred(calling_ae, self._settings.receiver.ae_title, studies, trouble)

    def _port(self, name: str) -> int:
        if name not in self._servers:
            raise RuntimeError("the receiver has not been started, or does not listen so")
        return int(self._servers[name].server_address[1])

    def _ports(self) -> dict[str, int]:
        return {name: self._port(name) for name in self._servers}

    def _bind_all(self, started: ExitStack) -> None:
        """Bind the plain port, the TLS port, or both, to one application entity."""
        settings = self._settings.receiver
        entity = self._entity()
        wanted: list[tuple[str, int, ssl.SSLContext | None]] = []
        if settings.plain:
            wanted.append(("port", settings.port, None))
        if settings.tls is not None:
            wanted.append(("tls_port", settings.tls.port, tls.context_of(settings.tls)))
        self._servers = {}
        for name, port, context in wanted:
            self._servers[name] = self._bind(entity, port, context)
            started.callback(self._servers[name].server_close)

    def _entity(self) -> AE:
        settings = self._settings.receiver
        entity = AE(ae_title=settings.ae_title)
        entity.supported_contexts = contexts.supported()
        entity.maximum_pdu_size = settings.max_pdu
        entity.network_timeout = settings.network_timeout_s
        entity.acse_timeout = ASSOCIATION_REQUEST_S
        entity.maximum_associations = NO_LIMIT  # `Admission` counts, and leaves out the silent connections
        return entity

    def _bind(self, entity: AE, port: int, context: ssl.SSLContext | None) -> NodeServer:
        host, key = self._settings.receiver.host, "receiver.port" if context is None else "receiver.tls.port"
        try:
            server: NodeServer = entity.make_server(
                (host, port),
                evt_handlers=[
                    (evt.EVT_REQUESTED, self._handlers.on_request),
                    (evt.EVT_C_STORE, self._handlers.on_store),
                    (evt.EVT_N_ACTION, self._commitments.on_action),
                    (evt.EVT_N_EVENT_REPORT, self._commitments.on_event_report),
                ],
                server_class=NodeServer,
                ssl_context=context,
                admission=self._admission,
                on_end=self._handlers.on_end,
            )
        except OSError as error:
            raise ConfigurationError(
                f"receiver.host {host!r}, {key} {port}: cannot be listened on: {error.strerror or error}"
            ) from None
        entity._servers.append(server)  # where the server's shutdown looks for itself
        return server

    def _silence(self) -> None:
        for server in self._servers.values():
            server.shutdown()
        if not self._handlers.close(STOP_S):
            log.error("a handler is still running; its peer will send again")
        # silent connections are left to their own time limit: they have brought nothing
        everybody = [each for server in self._servers.values() for each in server.active_associations]
        associations = [each for each in everybody if each.is_established]
        for association in associations:
            association.abort(block=False)
        for association in associations:
            association.join(STOP_S)

    def _publish(self) -> None:
        """Write where we listen, for those who did not choose the port."""
        settings = self._settings.receiver
        facts = {"host": settings.host, **self._ports(), "ae_title": settings.ae_title, "pid": os.getpid()}
        durable.replace(self._published, json.dumps(facts).encode())
