"""Where an answer leads on to: the same host for sure, or nowhere."""

import pytest

from devhealth.errors import SourceError
from devhealth.transport.addresses import at_base, followed, origin_of

ASKED = "https://api.github.com/repos/acme/shop"
BASE = "http://127.0.0.1:8080/api/v3"


@pytest.mark.parametrize(
    ("reference", "url"),
    [
        ("/repositories/7", "https://api.github.com/repositories/7"),
        ("?page=2", f"{ASKED}?page=2"),
        ("@127.0.0.2:8080/x", "https://api.github.com/repos/acme/@127.0.0.2:8080/x"),
        ("https:evil.example/x", "https://api.github.com/repos/acme/evil.example/x"),
        ("HTTPS://API.GitHub.com:443/x", "https://API.GitHub.com:443/x"),
        ("//api.github.com/x", "https://api.github.com/x"),
    ],
)
def test_a_reference_is_joined_to_what_was_asked(reference, url):
    assert followed(ASKED, reference, "shop") == url


@pytest.mark.parametrize(
    "reference",
    [
        "https://evil.example/x",
        "//evil.example/x",
        "//api.github.com.evil.example",
        "http://api.github.com/x",
        "https://api.github.com:8443/x",
        "https://api.github.com./x",
        "https://api.github.com@evil.example/x",
        "https://user:word@api.github.com/x",
        "https://api.github.com%2eevil.example/x",
        "https://api.github.com\\.evil.example/x",
        "\\\\evil.example\\x",
        "/\\evil.example/x",
        "ht\ttps://evil.example/x",
        "https://evil.example\n/x",
        " https://evil.example/x",
        "https://\u0430pi.github.com/x",
        "https://evil。example/x",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://[::1",
        "https://api.github.com:99999999/x",
    ],
)
def test_another_host_or_what_parsers_read_differently_is_refused(reference):
    with pytest.raises(SourceError, match=r"shop (has moved to another host|leads on to an address that cannot)"):
        followed(ASKED, reference, "shop")


@pytest.mark.parametrize(
    ("reference", "url"),
    [
        ("https://api.github.com/repositories/7/pulls?page=2", f"{BASE}/repositories/7/pulls?page=2"),
        ("http://evil.example/api/v3/issues?page=2", f"{BASE}/issues?page=2"),
        ("//evil.example//issues", f"{BASE}/issues"),
        ("?page=2", f"{BASE}/repos/acme/shop/issues?page=2"),
        ("@evil.example/x", f"{BASE}/repos/acme/shop/@evil.example/x"),
    ],
)
def test_the_next_page_is_asked_for_at_the_host_of_the_credential(reference, url):
    found = at_base(BASE, f"{BASE}/repos/acme/shop/issues", reference, "issues")
    assert found == url
    assert origin_of(found) == origin_of(BASE)
