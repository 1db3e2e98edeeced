"""The node on one machine: all roles, or some of them, in one command."""

import signal
import threading
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Self, cast

from node import engine as database
from node import logs
from node.audit import Trail
from node.errors import NodeError
from node.folders import make_folder
from node.loop import Bell, OnDeath
from node.migrations.apart import migrate_apart
from node.settings import Settings
from node.together import Part, Together
from node.worker import ANALYSE

if TYPE_CHECKING:
    from node.receiver import Receiver
    from node.web.server import WebServer
    from node.worker.supervisor import Supervisor

log = logs.get(__name__)


class Role(StrEnum):
    """A part of the node that can run in a process of its own."""

    RECEIVER = "receiver"
    DISPATCHER = "dispatcher"
    WORKER = "worker"
    DELIVERY = "delivery"
    WEB = "web"


#: the receiver comes last and goes first
STARTING_ORDER = (Role.DELIVERY, Role.WORKER, Role.DISPATCHER, Role.WEB, Role.RECEIVER)


class Node:
    """A node in this process; a context manager.

    Parameters
    ----------
    settings : Settings
    roles : collection of Role
        Default: all. The page only if `web.enabled`.
    function : str
        "package.module:function" that the worker processes run.
    on_death : callable
        Called from another thread if a part of the node ends by itself: a bug.

    Attributes
    ----------
    engine : Engine
        The database, migrated once started.
    died : Event
        Set if a part of the node has ended by itself.

    Examples
    --------
    >>> with Node(settings) as node:  # doctest: +SKIP
    ...     print(node.port, node.url)
    """

    def __init__(
        self,
        settings: Settings,
        roles: Collection[Role] = tuple(Role),
        function: str = ANALYSE,
        on_death: OnDeath = lambda: None,
    ) -> None:
        self.engine = database.create(settings)
        self.died = threading.Event()
        self._settings = settings
        self._roles = frozenset(roles)
        self._function = function
        self._tell = on_death
        self._bell = Bell()
        self._parts: dict[Role, Part] = {}
        self._running = ExitStack()

    @property
    def port(self) -> int:
        """The receiver's port, also where the settings say 0."""
        return cast("Receiver", self._parts[Role.RECEIVER]).port

    @property
    def url(self) -> str:
        """Where the status page is."""
        return cast("WebServer", self._parts[Role.WEB]).url

    @property
    def worker_pids(self) -> list[int]:
        """Process ids of the workers."""
        return cast("Supervisor", self._parts[Role.WORKER]).pids

    def start(self) -> None:
        """Bring the database up to date and start every role, the receiver last: what comes in has a way on.

        When this returns, the ports are listened on; the workers are still loading.

        Raises
        ------
        ConfigurationError
            A port is taken, another process has this role for this data folder, the folder cannot be made, or
        the database cannot be used.
        """
        make_folder(self._settings.data_dir, "data_dir")
        database.migrate(self.engine)
        with ExitStack() as started:
            started.callback(self.engine.dispose)
            for role in STARTING_ORDER:
                if self._wants(role):
                    self._start(role, started)
            self._running = started.pop_all()
        Trail(self._settings).started()
        log.info("started", roles=sorted(role.value for role in self._parts))

    def stop(self) -> None:
        """Stop every role, the receiver first. A running analysis is ended; it runs again another time."""
        self._running.close()
        Trail(self._settings).stopped()
        log.info("stopped")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _wants(self, role: Role) -> bool:
        return role in self._roles and (role is not Role.WEB or self._settings.web.enabled)

    def _start(self, role: Role, started: ExitStack) -> None:
        part = self._make(role)
        started.callback(part.stop)
        part.start()
        self._parts[role] = part

    def _make(self, role: Role) -> Part:
        settings, engine, bell = self._settings, self.engine, self._bell
        match role:  # a process loads the roles that it has, and no others: the receiver stays small
            case Role.DELIVERY:
                from node.delivery.courier import Couriers  # noqa: PLC0415

                return Couriers(settings, engine, bell, self._on_death)
            case Role.WORKER:
                from node.worker.supervisor import Supervisor  # noqa: PLC0415

                return Supervisor(settings, engine, bell, self._on_death, self._function)
            case Role.DISPATCHER:
                from node.audit.syslog import Forwarder  # noqa: PLC0415
                from node.dispatcher import Dispatcher  # noqa: PLC0415
                from node.retention.keeper import Keeper  # noqa: PLC0415
                from node.retrieve.retriever import Retriever  # noqa: PLC0415

                return Together(
                    Dispatcher(settings, engine, bell, self._on_death),
                    Retriever(settings, engine, bell, self._on_death),
                    Keeper(settings, engine, self._on_death),
                    Forwarder(settings, self._on_death),
                )
            case Role.WEB:
                from node.web.server import WebServer  # noqa: PLC0415

                return WebServer(settings, engine)
            case Role.RECEIVER:
                from node.receiver import Receiver  # noqa: PLC0415

                return Receiver(settings, engine, bell.ring, self._on_death)

    def _on_death(self) -> None:
        self.died.set()
        self._tell()


def serve(
    settings: Settings,
    stop: threading.Event | None = None,
    roles: Collection[Role] = tuple(Role),
    function: str = ANALYSE,
) -> None:
    """Run a node until it is told to stop.

    Parameters
    ----------
    settings : Settings
    stop : Event, optional
        Set it to stop. Default: SIGTERM or SIGINT stop the node; the main thread only.
    roles : collection of Role
    function : str
        "package.module:function" that the worker processes run.

    Raises
    ------
    ConfigurationError
        See `Node.start`.
    NodeError
        If a part of the node ends by itself: a bug. Whoever started the process should start it again.
    """
    with ExitStack() as stack:
        if stop is None:
            stop = stack.enter_context(stopped_by_signals())
        migrate_apart(settings)
        node = stack.enter_context(Node(settings, roles, function, stop.set))
        stop.wait()
    if node.died.is_set():
        raise NodeError("a part of the node has ended unexpectedly; the log says why")


@contextmanager
def stopped_by_signals() -> Iterator[threading.Event]:
    """Give an event that SIGTERM and SIGINT set.

    Not set by the handler itself: it runs in the main thread, which may hold the event's own lock.
    """
    stop = threading.Event()

    def handler(number: int, _frame: FrameType | None) -> None:
        threading.Thread(target=stop.set, name=signal.Signals(number).name).start()

    before = {number: signal.signal(number, handler) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
