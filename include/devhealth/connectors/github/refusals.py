"""What GitHub refuses for good, as errors that say what, for whom and what to do."""

from collections.abc import Callable
from functools import partial
from typing import Any

from devhealth.connectors.github.connection import Received
from devhealth.errors import SourceEmpty, SourceError, SourceForbidden, SourceNotFound

_ANY_REMEDY = "Give it read permission for this repository."
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _CONFLICT, _GONE, _LEGAL = 401, 403, 404, 409, 410, 451


def refusal(
    received: Received, body: Any, *, what: str, reader: str, scrubbed: Callable[[str], str] = str
) -> SourceError:
    """The error for a status of 400 and above that another attempt would not change.

    `what` was asked for, with the host; `reader` names the credential, never its secret, which `scrubbed` takes out of
    what GitHub says.
    """
    told = body.get("message") if isinstance(body, dict) else ""
    message = scrubbed(told) if isinstance(told, str) else ""
    said = f" GitHub says: {message.rstrip('.')}." if message else ""
    lower, status = message.lower(), received.status
    remedy = _remedy(received, lower)
    cases: list[tuple[bool, Callable[[str], SourceError], str]] = [
        (
            status == _LEGAL or "access blocked" in lower,
            SourceForbidden,
            f"{what} is blocked for everybody.{said} Take it out of the configuration.",
        ),
        (
            status in {_UNAUTHORIZED, _FORBIDDEN} and "suspended" in lower,
            SourceForbidden,
            f"{what} cannot be read: the account of {reader} is suspended.{said} Use another one.",
        ),
        (
            status == _UNAUTHORIZED,
            SourceForbidden,
            f"{what} cannot be read: {reader} is not valid, expired or revoked. Replace it.",
        ),
        (
            status == _FORBIDDEN,
            SourceForbidden if remedy else partial(SourceForbidden, remedy=_ANY_REMEDY),
            f"{what} may not be read with {reader}.{said}{remedy}",
        ),
        (
            status == _NOT_FOUND,
            SourceNotFound,
            f"{what} is not there, or {reader} may not see it. Check the name, and that the credential reaches it.",
        ),
        (
            status == _CONFLICT and "empty" in lower,
            SourceEmpty,
            f"{what} cannot be read: the repository is empty.",
        ),
        (status == _GONE, SourceNotFound, f"{what} is switched off or was deleted.{said}"),
        (True, SourceError, f"{what} was answered with status {status}.{said}"),
    ]
    return next(kind(sentence) for applies, kind, sentence in cases if applies)


def _remedy(received: Received, message: str) -> str:
    """What GitHub's answer names as missing; empty where it names nothing."""
    headers = received.headers
    if "x-github-sso" in headers or "saml" in message:
        return " Authorise the token for the organisation's single sign-on, in the settings of its owner."
    if "ip allow list" in message:
        return " Add this machine's address to the allow list of the organisation."
    if needed := headers.get("x-accepted-github-permissions"):
        return f" It needs the permission {needed.replace('=', ': ').replace(';', ' or ')}."
    accepted, granted = headers.get("x-accepted-oauth-scopes", ""), headers.get("x-oauth-scopes")
    if granted is not None and accepted:
        return f" It has the scopes {granted or '(none)'}; one of these is needed: {accepted}."
    return ""
