"""The receiver: a Storage and Verification SCP (PS3.4 annexes A and B) before a store and its index."""

import fcntl
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pynetdicom import AE, evt
from sqlalchemy import Engine

from node import durable, logs
from node.completeness import utc_now
from node.errors import ConfigurationError
from node.index import AssociationEnded, Indexer, rebuild
from node.receiver import contexts
from node.receiver.admission import Address, Admission
from node.receiver.storage import OUT_OF_RESOURCES, StorageService, StoreRequest
from node.receiver.transport import NodeServer, configure_library
from node.settings import Settings
from node.store import Store

ASSOCIATION_REQUEST_S = 10  #: how long a connection may stay without an association request
STOP_S = 30.0  #: how long stop() waits for the handlers

log = logs.get(__name__)


def _noop() -> None:
    pass


class Receiver:
    """Listens, stores, and keeps the index.

    Parameters
    ----------
    settings : Settings
    engine : Engine
        Of a migrated database.
    on_change : callable, optional
        Called after each change of the index, from the index thread; it must return soon.

    Examples
    --------
    >>> with Receiver(settings, engine) as receiver:  # doctest: +SKIP
    ...     print(receiver.port)
    """

    def __init__(self, settings: Settings, engine: Engine, on_change: Callable[[], None] = _noop) -> None:
        self._settings = settings
        self._engine = engine
        self._store = Store(settings.data_dir, settings.receiver.min_free_bytes)
        self._indexer = Indexer(engine, settings.completeness, on_change)
        self._service = StorageService(self._store, engine, self._indexer.submit)
        self._admission = Admission(settings.receiver)
        self._serving = _Serving()
        self._lock: int | None = None
        self._server: NodeServer | None = None

    @property
    def port(self) -> int:
        """The port that is listened on, also where the settings say 0."""
        if self._server is None:
            raise RuntimeError("the receiver has not been started")
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Bring the index up to the files, then listen.

        Raises
        ------
        ConfigurationError
            The port is taken, or another receiver uses the data folder.
        """
        configure_library()
        self._lock = _lock(self._settings.data_dir)
        self._server = self._bind()
        swept = self._store.prepare()
        missing = rebuild(self._engine, self._store, self._settings.completeness, utc_now())
        self._indexer.start()
        threading.Thread(target=self._server.serve_forever, name="receiver", daemon=True).start()
        self._publish()
        log.info("receiving", port=self.port, swept_parts=swept, rebuilt_rows=missing)

    def stop(self) -> None:
        """Stop listening, let the running handlers finish, end the associations, and flush the index."""
        if self._server is None:
            return
        self._server.shutdown()
        self._serving.close(STOP_S)
        for association in self._server.active_associations:
            association.abort(block=False)
        for association in self._server.active_associations:
            association.join(STOP_S)
        self._indexer.stop()
        _published(self._settings.data_dir).unlink(missing_ok=True)
        if self._lock is not None:
            os.close(self._lock)
        self._server = self._lock = None

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

    def _bind(self) -> NodeServer:
        settings = self._settings.receiver
        entity = AE(ae_title=settings.ae_title)
        entity.supported_contexts = contexts.supported()
        entity.maximum_pdu_size = settings.max_pdu
        entity.network_timeout = settings.network_timeout_s
        entity.acse_timeout = ASSOCIATION_REQUEST_S
        entity.maximum_associations = 1 << 30  # `Admission` counts, without the connections that are silent
        handlers = [(evt.EVT_REQUESTED, self._on_request), (evt.EVT_C_STORE, self._on_store)]
        try:
            server: NodeServer = entity.make_server(
                (settings.host, settings.port),
                evt_handlers=handlers,
                server_class=NodeServer,
                admission=self._admission,
                on_end=self._on_end,
            )
        except OSError as error:
            raise ConfigurationError(
                f"receiver.host {settings.host!r}, receiver.port {settings.port}: "
                f"cannot be listened on: {error.strerror or error}"
            ) from None
        entity._servers.append(server)  # where the server's shutdown looks for itself
        return server

    def _publish(self) -> None:
        """Write where we listen, for those who did not choose the port."""
        settings = self._settings.receiver
        facts = {"host": settings.host, "port": self.port, "ae_title": settings.ae_title, "pid": os.getpid()}
        path = _published(self._settings.data_dir)
        durable.write(path.with_suffix(f".{os.getpid()}{durable.PART}"), path, [json.dumps(facts).encode()])

    def _on_request(self, event: Any) -> None:
        association = event.assoc
        request = association.requestor.primitive
        address = association.requestor.address_info.as_tuple[:2]
        rejection = self._admission.request(
            id(association), request.called_ae_title, request.calling_ae_title, address
        )
        if rejection is not None:
            log.warning("association rejected", why=rejection.name, calling_ae=request.calling_ae_title)
            association.acse.send_reject(*rejection.value)
            association.is_rejected = True
            association.kill()

    def _on_store(self, event: Any) -> int:
        with self._serving as open_, event.request.DataSet.getbuffer() as data_set:
            return self._service.handle(_request(event, data_set)) if open_ else OUT_OF_RESOURCES

    def _on_end(self, association: Any, address: Address) -> None:
        if self._admission.ended(id(association), address):
            self._indexer.submit(AssociationEnded(id(association), association.is_released))


class _Serving:
    """Counts the handlers that run, so that stop() can wait for them; entering tells whether it is open."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._running = 0
        self._open = True

    def __enter__(self) -> bool:
        with self._condition:
            self._running += 1
            return self._open

    def __exit__(self, *_exception: object) -> None:
        with self._condition:
            self._running -= 1
            self._condition.notify_all()

    def close(self, timeout: float) -> None:
        with self._condition:
            self._open = False
            self._condition.wait_for(lambda: self._running == 0, timeout)


def _request(event: Any, data_set: memoryview) -> StoreRequest:
    primitive = event.assoc.requestor.primitive
    return StoreRequest(
        association=id(event.assoc),
        sop_class_uid=str(event.request.AffectedSOPClassUID),
        sop_instance_uid=str(event.request.AffectedSOPInstanceUID),
        abstract_syntax_uid=str(event.context.abstract_syntax),
        transfer_syntax_uid=str(event.context.transfer_syntax),
        calling_ae=primitive.calling_ae_title.strip(),
        called_ae=primitive.called_ae_title.strip(),
        data_set=data_set,
    )


def _published(data_dir: Path) -> Path:
    return data_dir / "run" / "receiver.json"


def _lock(data_dir: Path) -> int:
    """Lock the data folder: a second receiver would sweep away what the first is writing."""
    folder = data_dir / "run"
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / "receiver.lock", os.O_RDWR | os.O_CREAT, 0o640)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise ConfigurationError(
            f"data_dir {data_dir}: another receiver is using it; stop that one"
        ) from None
    return descriptor
