"""Requests to the fleet manager's HTTP API for the command line: plain JSON in and out, failures as CommandError."""

from __future__ import annotations

import time
from typing import Any

import httpx

from sitefleet.cli.exit_codes import CommandError, ExitCode

DEFAULT_URL = "http://127.0.0.1:8000"
PREFIX = "/api/v1"
RESET_HELD = 0.8
"""s: the supervisor wants 0.35 to 2 s, and the network may be late at both ends."""
INSTANCE = "Sitefleet-Instance"
TIMEOUT = 10.0  # s; every answer of the manager is immediate


class Api:
    """One fleet manager's API, whoever has the address or only the manager of `instance`. `transport` is for tests."""

    def __init__(self, url: str, transport: httpx.BaseTransport | None = None, instance: str | None = None) -> None:
        self._url = url.rstrip("/")
        # trust_env: a building site's web proxy has no business between this command and the manager.
        self._http = httpx.Client(base_url=self._url + PREFIX, timeout=TIMEOUT, trust_env=False, transport=transport)
        if instance is not None:
            self._http.headers[INSTANCE] = instance

    def get(self, path: str, **params: Any) -> Any:
        """The JSON of a resource; parameters that are None are left out."""
        return self._send("GET", path, params={name: value for name, value in params.items() if value is not None})

    def post(self, path: str, body: dict[str, Any], headers: dict[str, str] | None = None) -> Any:
        """Send a request body; the JSON of the answer."""
        return self._send("POST", path, json=body, headers=headers or {})

    def _send(self, method: str, path: str, **request: Any) -> Any:
        try:
            answer = self._http.request(method, path, **request)
        except httpx.TransportError as error:
            raise CommandError(
                f"no fleet manager answers at {self._url} ({error}); start one with `sitefleet manager` "
                "or name another with --url",
                ExitCode.UNREACHABLE,
            ) from error
        if answer.status_code == httpx.codes.MISDIRECTED_REQUEST:
            raise CommandError(
                f"another fleet manager answers at {self._url}: {_refusal(answer)}", ExitCode.UNREACHABLE
            )
        if answer.is_success:
            return answer.json() if answer.content else {}
        raise CommandError(_refusal(answer), ExitCode.REFUSED)


def press_reset(api: Api, robot_id: str, requested_by: str, reason: str) -> Any:
    """Press a robot's reset, hold it as long as a person would, and let go; the answer to letting go."""
    body = {"requested_by": requested_by, "reason": reason}
    path = f"/robots/{robot_id}/reset"
    api.post(path, {**body, "pressed": True})
    time.sleep(RESET_HELD)
    return api.post(path, {**body, "pressed": False})


def _refusal(answer: httpx.Response) -> str:
    """The manager's own words (problem details, RFC 9457), or what there is of them."""
    try:
        problem = answer.json()
        fields = "; ".join(
            f"{'.'.join(str(part) for part in each.get('loc', ()))}: {each.get('msg', '')}"
            for each in problem.get("errors", [])
        )
        return f"{problem['code']}: {problem['detail']}" + (f" ({fields})" if fields else "")
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"HTTP {answer.status_code}: {answer.text[:200]}"
