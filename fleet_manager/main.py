"""The fleet manager's process: store, ROS thread, operations loop and HTTP API.

Listens on this machine only (127.0.0.1) unless told otherwise: authentication comes in a later version.
"""

from __future__ import annotations

import importlib.metadata
import logging
import signal
import socket
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from types import FrameType

import uvicorn
from rclpy.utilities import remove_ros_args

from fleet_manager.api.app import create_app
from fleet_manager.api.context import ApiContext, Pulse
from fleet_manager.dispatch.greedy import GreedyAllocator
from fleet_manager.evidence import open_evidence
from fleet_manager.gateways.ros.fleet import RosFleet
from fleet_manager.loop import OperationsLoop
from fleet_manager.operations.core import Operations, utc_now
from fleet_manager.operations.ports import EvidenceUnavailableError
from fleet_manager.settings import ManagerSettings, SettingsError, read_settings
from fleet_manager.site import SiteImportError
from fleet_manager.store.engine import UnusableDatabaseError, check_reachable, migrate, open_engine
from fleet_manager.store.exclusive import StoreInUseError, only_manager
from fleet_manager.store.queries import Queries
from fleet_manager.store.repository import Store, register_site
from fleet_manager.storey_files import LoadedStorey, StoreyError, load
from fleet_manager.traffic.reservation import ReservationTraffic

_LOG = logging.getLogger("fleet_manager")
EXIT_SETTINGS = 2
EXIT_FAILED = 1
MUTE_AFTER = 3.0
"""s without a completed cycle of operations after which robots' heartbeats are not answered any more."""


def version() -> str:
    """Version of the installed product."""
    try:
        return importlib.metadata.version("sitefleet")
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


class _Server(uvicorn.Server):
    """Uvicorn that leaves signals to us: it would raise them again when everything else is still running."""

    failed = False

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGINT and SIGTERM; a second one does not wait for open requests."""

        def leave(_number: int, _frame: FrameType | None) -> None:
            self.force_exit, self.should_exit = self.should_exit, True

        before = {s: signal.signal(s, leave) for s in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number in before:
                # What comes now meets a process that is already leaving.
                signal.signal(number, signal.SIG_IGN)

    def fail(self) -> None:
        """Leave with an error; from any thread."""
        self.failed, self.should_exit = True, True


def serve(
    settings: ManagerSettings,
    storey: LoadedStorey,
    listener: socket.socket,
    ros_args: Sequence[str],
) -> int:
    """Run until a signal comes. Returns the exit code."""
    pulse = Pulse()
    with ExitStack() as cleanup:
        engine = open_engine(settings.database)
        cleanup.callback(engine.dispose)
        check_reachable(engine)
        cleanup.enter_context(only_manager(engine))
        migrate(engine)
        site_id = register_site(
            engine,
            name=storey.site.name,
            storey=storey.storey.id,
            source_file=storey.site.source_file,
            source_sha256=storey.site.source_sha256,
            items=storey.storey.work_items,
            now=utc_now(),
        )
        store = Store(engine, site_id)
        evidence = cleanup.enter_context(open_evidence(settings))
        fleet = RosFleet(
            [r.robot_id for r in store.robot_records()],
            ros_args,
            map_id=storey.storey.id,
            keys=settings.keys,
            working=lambda: time.monotonic() - pulse.last_tick < MUTE_AFTER,
        )
        cleanup.callback(fleet.close)
        operations = Operations(
            storey.work,
            store,
            fleet,
            GreedyAllocator(names=storey.names),
            evidence,
            traffic=lambda: ReservationTraffic(
                storey.storey.roadmap,
                instance=uuid.uuid4().hex[:8],
                settings=settings.detours.traffic(),
                names=storey.names,
            ),
            clock=time.monotonic,
            limits=settings.limits.limits(),
        )
        cleanup.callback(operations.close)
        queries = Queries(engine, site_id)
        context = ApiContext(operations, queries, storey.site, storey.plan, pulse, version(), settings.instance)
        config = uvicorn.Config(create_app(context), log_config=None, access_log=False, timeout_graceful_shutdown=3)
        server = _Server(config)
        loop = OperationsLoop(operations.tick, pulse, hz=settings.tick_hz, healthy=fleet.alive, on_failure=server.fail)
        loop.start()
        cleanup.callback(loop.stop)
        host, port = listener.getsockname()[:2]
        _LOG.info("storey %s of %s: http://%s:%s/api/v1/docs", storey.site.storey, storey.site.name, host, port)
        server.run(sockets=[listener])
    _LOG.info("stopped")
    return EXIT_FAILED if server.failed else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry of the process. Exit codes: 0 stopped by a signal, 1 failed, 2 cannot start with these settings."""
    words = list(sys.argv if arguments is None else ["fleet_manager", *arguments])
    try:
        settings = read_settings(remove_ros_args(words)[1:])
        logging.basicConfig(
            level=settings.log_level, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
        )
        logging.getLogger("alembic").setLevel(logging.WARNING)
        storey = load(settings.site, settings.storey)
        with socket.create_server((settings.host, settings.port)) as listener:
            return serve(settings, storey, listener, words)
    except (
        EvidenceUnavailableError,
        SettingsError,
        StoreyError,
        SiteImportError,
        StoreInUseError,
        UnusableDatabaseError,
    ) as error:
        print(f"fleet_manager: {error}", file=sys.stderr)
    except OSError as error:
        print(f"fleet_manager: cannot listen at {settings.host}:{settings.port}: {error}", file=sys.stderr)
    return EXIT_SETTINGS


if __name__ == "__main__":
    sys.exit(main())
