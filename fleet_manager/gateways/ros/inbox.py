"""News of the fleet on their way from the ROS thread to operations: of states only the newest a robot."""

from __future__ import annotations

import threading

from fleet_manager.domain.fleet import FleetNews, SafetySeen, StateSeen


class Inbox:
    """Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._states: dict[str, StateSeen] = {}
        self._safety: dict[str, SafetySeen] = {}
        self._news: list[FleetNews] = []

    def put(self, news: FleetNews) -> None:
        """From the ROS thread."""
        with self._lock:
            if isinstance(news, StateSeen):
                self._states[news.snapshot.robot_id] = news
            elif isinstance(news, SafetySeen):
                self._safety[news.robot_id] = news
            else:
                self._news.append(news)

    def take(self) -> list[FleetNews]:
        """Everything since the last call: what happened, in order, then the newest states."""
        with self._lock:
            news, safety, states = self._news, self._safety, self._states
            self._news, self._safety, self._states = [], {}, {}
        return [*news, *safety.values(), *states.values()]
