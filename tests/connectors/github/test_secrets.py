"""Secrets are planted, everything goes wrong in turn with all debug logs on, and nothing that is left shows them."""

import io
import logging
import traceback
from dataclasses import replace
from pathlib import Path

import pytest

from devhealth.connectors.github.host import ApiHost
from devhealth.errors import SecretError, SourceError
from tests.connectors.github.asking import TOKEN, Ticking, asking, settings_of
from tests.connectors.github.scripted_server import Play, ScriptedServer
from tests.connectors.github.test_app import pem, token  # noqa: F401 - a fixture

INSTALLATION_TOKEN = "ghs_planted0secret0of0an0installation"
ECHO = {"message": "Bad credentials: AUTHORIZATION", "errors": [{"message": "AUTHORIZATION"}]}
TROUBLES = {
    "unauthorised": Play(401, ECHO),
    "forbidden": Play(403, ECHO),
    "absent": Play(404, ECHO),
    "blocked": Play(451, ECHO),
    "invalid": Play(422, ECHO),
    "broken": Play(502, ECHO),
    "limited": Play(403, {"message": "secondary rate limit AUTHORIZATION"}, {"Retry-After": "900"}),
    "graphql": Play(200, {"data": None, "errors": [{"message": "Field AUTHORIZATION"}]}),
    "undefined": Play(200, {"errors": [{"message": "Field AUTHORIZATION", "extensions": {"code": "undefinedField"}}]}),
    "garbage": Play(200, b"<html>AUTHORIZATION"),
    "cut": Play(200, ECHO, cut=5),
    "dropped": Play(drops=True),
    "late": Play(hangs=0.5),
    "moved": Play(301, ECHO, {"Location": "https://evil.example.com/"}),
    "moved-without-end": Play(301, ECHO, {"Location": "/api/v3/x"}),
    "fine": Play(200, {"data": {}}),
}


ODD = {"byte order mark": f"\ufeff{TOKEN}", "dash": f"{TOKEN[:9]}\u2011{TOKEN[9:]}", "ellipsis": f"{TOKEN[:9]}\u2026"}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_a_token_that_no_header_takes_is_said_without_showing_it(tmp_path, monkeypatch, odd):
    monkeypatch.setenv("GITHUB_TOKEN", odd)
    api = ApiHost("github.com", "https://api.github.com")
    of_environment = replace(settings_of(tmp_path), credential=None)
    for settings in (
        settings_of(tmp_path, token=f"plain,{odd}"),
        settings_of(tmp_path, app_id=odd, private_key="x"),
        of_environment,
    ):
        with (
            pytest.raises(SecretError, match="characters that no token or key has") as caught,
            asking(settings, api, Ticking()),
        ):
            pass
        assert TOKEN[4:9] not in str(caught.value)


@pytest.fixture
def logs():
    """Everything that is logged, at its most talkative."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.setLevel(level)
    root.removeHandler(handler)


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("way", ["token", "app", "app-token"])
@pytest.mark.parametrize("call", ["get", "query"])
def test_no_secret_is_shown(tmp_path: Path, logs: io.StringIO, pem: str, trouble: str, way: str, call: str):  # noqa: F811
    """`app` meets the trouble when it asks for a token, `app-token` with that token."""
    app = {"app_id": "7", "private_key": pem, "installation_id": "11"}
    settings = settings_of(tmp_path, **({"token": TOKEN} if way == "token" else app))
    plays = [token(INSTALLATION_TOKEN), TROUBLES[trouble]] if way == "app-token" else [TROUBLES[trouble]]
    seen = [repr(settings)]
    with ScriptedServer(plays) as server, asking(settings, server.api, Ticking(), read_seconds=0.2) as client:
        try:
            client.get("/repos/acme/shop") if call == "get" else client.query("{ a }")
        except Exception as error:  # noqa: BLE001 - whatever it is
            seen += [str(error), repr(error), *chain(error)]
        exchange = client._exchange
        seen += [repr(client), repr(exchange), repr(exchange._keyring), repr(vars(exchange._keyring)["_app"])]
        seen += [repr(key) for key in exchange._keyring.keys("acme")]
        signed = [one.headers["authorization"].split()[1] for one in server.asked]
    seen.append(logs.getvalue())
    for path in tmp_path.rglob("*"):
        seen += [path.name, path.read_text() if path.is_file() else ""]
    key = [line for line in pem.splitlines() if "-----" not in line]
    for secret in {TOKEN, INSTALLATION_TOKEN, *signed, *key}:
        assert not [text for text in seen if secret in text]


def test_a_short_token_does_not_spoil_what_is_told(tmp_path: Path):
    refused = Play(422, {"message": "The state of a pull request is wrong"})
    settings = settings_of(tmp_path, token="a")
    with (
        ScriptedServer([refused]) as server,
        asking(settings, server.api, Ticking()) as client,
        pytest.raises(SourceError, match="GitHub says: The state of a pull request is wrong"),
    ):
        client.get("/repos/acme/shop")


def test_every_token_is_told_to_the_log_filter(tmp_path: Path, pem: str):  # noqa: F811
    class Host:
        def __init__(self) -> None:
            self.mask, self.connection = masked.append, dict[str, str]().get

    for fields, secrets in (
        ({"token": f"{TOKEN}, other"}, {TOKEN, "other"}),
        ({"app_id": "7", "private_key": pem}, {pem}),
    ):
        masked: list[str] = []
        settings = replace(settings_of(tmp_path, **fields), host=Host())
        with asking(settings, ApiHost("github.com", "https://api.github.com"), Ticking()):
            assert set(masked) == secrets


def chain(error: BaseException | None) -> list[str]:
    """Tracebacks of an error and of what led to it, hidden or not; with their values, as some loggers show them."""
    texts = []
    while error:
        texts += traceback.TracebackException.from_exception(error, capture_locals=False).format()
        texts += [repr(error), repr(vars(error))]
        error = error.__cause__ or error.__context__
    return texts
