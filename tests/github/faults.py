"""What goes wrong, by script.

`server.faults.add(faults.secondary(retry_after="7"), when=faults.graphql, times=2)` lets the next two GraphQL requests
run into a secondary limit; `after=3` lets three matching ones through before. The first fault that matches is used up.
"""

import json
import os
import signal
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

from tests.github.messages import Reply, Request, problem

Matcher = Callable[[Request], bool]
Fault = Callable[[Request, Callable[[], Reply]], Reply]
"""Makes the answer to a request; the second argument makes the right one."""


@dataclass
class Planned:
    """A fault waiting for its requests."""

    fault: Fault
    when: Matcher
    times: int
    after: int = 0


@dataclass
class Faults:
    """The script; safe to extend while the server runs."""

    planned: list[Planned] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, fault: Fault, *, when: Matcher | None = None, times: int = 1, after: int = 0) -> Planned:
        """`times` requests that match get it (-1: all of them), once `after` were let through."""
        item = Planned(fault, when or anything, times, after)
        with self.lock:
            self.planned.append(item)
        return item

    def clear(self) -> None:
        with self.lock:
            self.planned.clear()

    def take(self, request: Request) -> Fault | None:
        """The fault this request runs into."""
        with self.lock:
            for item in self.planned:
                if item.times == 0 or not item.when(request):
                    continue
                if item.after > 0:
                    item.after -= 1
                    continue
                item.times -= 1
                return item.fault
        return None


# Which requests.


def anything(_request: Request) -> bool:
    return True


def graphql(request: Request) -> bool:
    return request.path == "/graphql"


def rest(request: Request) -> bool:
    return not graphql(request)


def path(part: str) -> Matcher:
    """Requests whose path contains it."""
    return lambda request: part in request.path


def says(text: str) -> Matcher:
    """Requests whose body contains it: a GraphQL operation, a cursor."""
    return lambda request: text.encode() in request.body


def token(value: str) -> Matcher:
    return lambda request: request.token == value


# What happens.


def primary(*, status: int = 403, reset_in: float = 3.0) -> Fault:
    """The hour's requests are used up until `reset_in` seconds from now, by the clock of the server."""

    def fault(request: Request, _right: Callable[[], Reply]) -> Reply:
        reset = str(int(request.now.timestamp() + reset_in))
        headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Used": "5000", "X-RateLimit-Reset": reset}
        message = "API rate limit exceeded for user ID 1."
        if graphql(request) and status == 200:
            return Reply({"errors": [{"type": "RATE_LIMITED", "message": message}]}, 200, headers, is_free=True)
        return replace(problem(status, message), headers=headers, is_free=True)

    return fault


def secondary(*, status: int = 403, retry_after: str | float | None = 1, in_body: bool = False) -> Fault:
    """Too fast: `retry_after` as text goes into the header as it is, a number of seconds from now as an HTTP date
    when negative (-7: the date in 7 seconds), None leaves the header out; `in_body` puts it into the message only."""

    def fault(request: Request, _right: Callable[[], Reply]) -> Reply:
        message = "You have exceeded a secondary rate limit."
        headers: dict[str, str] = {}
        if in_body:
            message += f" Please retry your request again after {retry_after} seconds."
        elif isinstance(retry_after, str):
            headers["Retry-After"] = retry_after
        elif retry_after is not None and retry_after < 0:
            at = request.now + timedelta(seconds=-retry_after)
            headers["Retry-After"] = format_datetime(at, usegmt=True)
        elif retry_after is not None:
            headers["Retry-After"] = str(int(retry_after))
        else:
            message += " Please wait a few minutes before you try again."
        return replace(problem(status, message), headers=headers, is_free=True)

    return fault


def status(code: int, body: bytes = b"<html><body>Unicorn!</body></html>") -> Fault:
    """502, 503, 504 as the load balancer answers them: a page, not JSON."""
    return lambda _request, _right: Reply(body, code, {"Content-Type": "text/html"}, is_free=True)


def unauthorized(message: str = "Bad credentials") -> Fault:
    """401, as for a token that expired."""
    return lambda _request, _right: problem(401, message)


def slow(seconds: float) -> Fault:
    """The right answer, late."""
    return lambda _request, right: replace(right(), delay=seconds)


def cut(after: int = 100) -> Fault:
    """The connection breaks inside the body."""
    return lambda _request, right: replace(right(), cut_after=after)


def drop() -> Fault:
    """The connection breaks before a single byte of the answer; the request was heard, though."""
    return lambda _request, right: replace(right(), cut_after=-1)


def dies() -> Fault:
    """The whole process is gone, as by `kill -9`, once the request was heard; for one of its own."""
    return lambda _request, _right: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[return-value]


def garbage(body: bytes = b'{"data": {"repository": {"pullReq') -> Fault:
    """Status 200 and a body that is no JSON."""
    return lambda _request, _right: Reply(body)


def partial(*path: str | int, message: str = "Something went wrong", kind: str = "SERVICE_UNAVAILABLE") -> Fault:
    """The right answer, but for what is at `path` of its data: that is null, and an error says so."""

    def fault(_request: Request, right: Callable[[], Reply]) -> Reply:
        answer = right()
        body = json.loads(answer.encoded())
        place: Any = body["data"]
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = None
        body.setdefault("errors", []).append({"type": kind, "path": list(path), "message": message})
        return replace(answer, body=body)

    return fault


def resource_limits() -> Fault:
    """200, no data, an error of type RESOURCE_LIMITS_EXCEEDED."""
    error = {"type": "RESOURCE_LIMITS_EXCEEDED", "message": "Resource limits for this query exceeded."}
    return lambda _request, _right: Reply({"data": None, "errors": [error]})


def timed_out() -> Fault:
    """200 with the message GitHub gives when a query took over ten seconds."""
    message = (
        "Something went wrong while executing your query. This may be the result of a timeout, or it could be a GitHub "
        "bug. Please include `0000:1111:2222` when reporting this issue."
    )
    return lambda _request, _right: Reply({"data": None, "errors": [{"message": message}]})


def headers(values: Mapping[str, str]) -> Fault:
    """The right answer with other headers; an empty value takes the header away."""

    def fault(_request: Request, right: Callable[[], Reply]) -> Reply:
        answer = right()
        return replace(answer, headers={**answer.headers, **values})

    return fault
