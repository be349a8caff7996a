"""A GitHub App: installations by owner, tokens of an hour, clocks that differ, keys that came in other shapes."""

import base64
import json
from datetime import UTC, datetime
from email.utils import formatdate

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from devhealth.connectors.github.app import pem_of
from devhealth.errors import SecretError, SourceForbidden
from tests.connectors.github.asking import Ticking, asking, settings_of
from tests.connectors.github.scripted_server import Play, ScriptedServer

NOW = 1_800_000_000.0
INSTALLATIONS = [
    {"id": 11, "account": {"login": "Acme"}, "suspended_at": None},
    {"id": 12, "account": {"login": "other"}, "suspended_at": "2026-01-01T00:00:00Z"},
    {"id": 13, "account": None},
]


@pytest.fixture(scope="module")
def pem() -> str:
    key = rsa.generate_private_key(65_537, 2_048)
    kind = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption()).decode()


def token(name: str, seconds: float = 3_600) -> Play:
    ends_at = datetime.fromtimestamp(NOW + seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Play(201, {"token": name, "expires_at": ends_at, "permissions": {}})


def test_installation_is_found_by_owner_and_its_token_used_for_an_hour(tmp_path, pem):
    good = [Play(body=[number]) for number in (1, 2, 3)]
    plays = [Play(body=INSTALLATIONS), token("ghs_1"), *good[:2], token("ghs_2", 7_000), good[2]]
    ticking = Ticking()
    with (
        ScriptedServer(plays) as server,
        asking(settings_of(tmp_path, app_id="7", private_key=pem), server.api, ticking) as client,
    ):
        assert client.get("/repos/acme/shop").data == [1]
        assert client.get("/repos/ACME/site").data == [2]
        ticking.time = server.now = NOW + 3_400
        assert client.get("/repos/acme/shop").data == [3]
        assert client.git_password("acme") == "ghs_2"
    assert [(one.method, one.path.split("?")[0]) for one in server.asked] == [
        ("GET", "/api/v3/app/installations"),
        ("POST", "/api/v3/app/installations/11/access_tokens"),
        ("GET", "/api/v3/repos/acme/shop"),
        ("GET", "/api/v3/repos/ACME/site"),
        ("POST", "/api/v3/app/installations/11/access_tokens"),
        ("GET", "/api/v3/repos/acme/shop"),
    ]
    kind, signed = server.asked[0].headers["authorization"].split()
    claims = jwt.decode(signed, options={"verify_signature": False})
    assert (kind, claims) == ("Bearer", {"iss": "7", "iat": NOW - 60, "exp": NOW + 300})
    assert [one.headers["authorization"] for one in server.asked[2:4]] == ["token ghs_1"] * 2
    assert server.asked[5].headers["authorization"] == "token ghs_2"


def test_installation_that_is_given_is_not_looked_for(tmp_path, pem):
    settings = settings_of(tmp_path, app_id="7", private_key=pem, installation_id="99")
    with ScriptedServer([token("ghs_1"), Play(body=[1])]) as server, asking(settings, server.api, Ticking()) as client:
        client.get("/repos/any/thing")
        assert server.asked[0].path == "/api/v3/app/installations/99/access_tokens"


def test_refused_token_is_renewed_once(tmp_path, pem):
    settings = settings_of(tmp_path, app_id="7", private_key=pem, installation_id="11")
    expired = Play(401, {"message": "Bad credentials"})
    with (
        ScriptedServer([token("ghs_1"), expired, token("ghs_2"), Play(body=[1])]) as server,
        asking(settings, server.api, Ticking()) as client,
    ):
        assert client.get("/repos/acme/shop").data == [1]
        server.plays = [expired, token("ghs_3"), expired]
        with pytest.raises(SourceForbidden, match="installation 11 is not valid, expired or revoked"):
            client.get("/repos/acme/shop")
        assert len(server.asked) == 7


def test_clock_that_differs_from_githubs_is_allowed_for(tmp_path, pem):
    ahead = {"Date": formatdate(NOW + 5_000, usegmt=True)}
    plays = [
        Play(401, {"message": "'Expiration time' claim ('exp') must be in the future"}, ahead),
        Play(201, token("ghs_1", 8_600).body, ahead),
        Play(body=[1], headers=ahead),
        Play(body=[2], headers=ahead),
    ]
    settings = settings_of(tmp_path, app_id="7", private_key=pem, installation_id="11")
    with ScriptedServer(plays) as server, asking(settings, server.api, Ticking()) as client:
        assert [client.get("/repos/acme/shop").data for _ in range(2)] == [[1], [2]]
        signed = server.asked[1].headers["authorization"].split()[1]
        assert jwt.decode(signed, options={"verify_signature": False})["exp"] == NOW + 5_300


@pytest.mark.parametrize(
    ("owner", "said"),
    [
        ("nobody", "is not installed by nobody: install it there"),
        ("other", "is suspended by other: unsuspend it there"),
        ("", "is not installed once, so that it is clear which installation reads"),
    ],
)
def test_owner_without_an_installation_is_said(tmp_path, pem, owner, said):
    with (
        ScriptedServer([Play(body=INSTALLATIONS)]) as server,
        asking(settings_of(tmp_path, app_id="7", private_key=pem), server.api, Ticking()) as client,
        pytest.raises(SourceForbidden, match=said),
    ):
        client.query("{ a }", owner=owner)


def test_installations_on_further_pages_are_found(tmp_path, pem):
    more = {"Link": '<https://x/app/installations?page=2>; rel="next"'}
    plays = [Play(body=INSTALLATIONS[1:], headers=more), Play(body=INSTALLATIONS[:1]), token("ghs_1"), Play(body=[1])]
    with (
        ScriptedServer(plays) as server,
        asking(settings_of(tmp_path, app_id="7", private_key=pem), server.api, Ticking()) as client,
    ):
        assert client.get("/repos/acme/shop").data == [1]


def test_limit_of_an_app_in_its_own_name_is_waited_for(tmp_path, pem):
    settings = settings_of(tmp_path, app_id="7", private_key=pem, installation_id="11")
    busy = Play(403, {"message": "secondary rate limit"}, {"Retry-After": "9"})
    ticking = Ticking()
    plays = [busy, Play(502), token("ghs_1"), Play(body=[1])]
    with ScriptedServer(plays) as server, asking(settings, server.api, ticking) as client:
        assert client.get("/repos/acme/shop").data == [1]
    assert ticking.slept[0] == 9


@pytest.mark.parametrize("mend", [False, True])
def test_key_that_is_none_is_said_without_it(tmp_path, pem, mend):
    broken = "-----BEGIN RSA PRIVATE KEY-----\nc2VjcmV0\n-----END RSA PRIVATE KEY-----" if mend else "my-secret-key"
    settings = settings_of(tmp_path, app_id="7", private_key=broken, installation_id="11")
    with (
        ScriptedServer([Play(body=[1])]) as server,
        asking(settings, server.api, Ticking()) as client,
        pytest.raises(SecretError, match="the private key of stored:github cannot be read") as raised,
    ):
        client.get("/repos/acme/shop")
    assert "c2VjcmV0" not in str(raised.value)


def test_private_key_is_read_in_the_shapes_it_comes_in(pem):
    assert pem_of(pem) == pem
    for shape in (
        pem.replace("\n", "\\n"),
        pem.replace("\n", " "),
        pem.replace("\n", "\r\n"),
        base64.b64encode(pem.encode()).decode(),
        json.dumps(pem)[1:-1],
    ):
        assert pem_of(shape) == pem


def test_wrong_installation_number_is_said(tmp_path, pem):
    settings = settings_of(tmp_path, app_id="7", private_key=pem, installation_id="acme")
    with (
        ScriptedServer([Play()]) as server,
        pytest.raises(SecretError, match="installation_id of stored:github is not a number"),
        asking(settings, server.api, Ticking()),
    ):
        pass


def test_token_is_renewed_some_minutes_before_it_ends(tmp_path, pem):
    settings = settings_of(tmp_path, app_id="7", private_key=pem, installation_id="11")
    plays = [token("ghs_1", 299), Play(body=[1]), token("ghs_2"), Play(body=[2])]
    with ScriptedServer(plays) as server, asking(settings, server.api, Ticking()) as client:
        client.get("/repos/acme/shop")
        client.get("/repos/acme/shop")
        assert server.asked[3].headers["authorization"] == "token ghs_2"
