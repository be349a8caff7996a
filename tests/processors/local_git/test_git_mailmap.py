"""A mailmap means what git says it means."""

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from devhealth.processors.local_git.mailmap import Mailmap
from tests.examples import examples
from tests.git_histories import git

NAMES = st.sampled_from(
    [b"", b"Ann", b"ANN", b"ann lee", b"Bob", b"  Bob  ", "Zoë".encode(), b"J\xf6rg", b"#Hash", b"a\tb"]
)
EMAILS = st.sampled_from([b"", b"a@x", b"A@X", b"b@x", b" b@x ", b"c@x", b"a@x.y"])
ENTRY = st.builds(
    b"%s<%s>%s%s%s".__mod__,
    st.tuples(
        NAMES,
        EMAILS,
        st.sampled_from([b"", b" ", b" Bob", b"Ann ", b" ann lee "]),
        st.sampled_from([b"", b"<a@x>", b"<B@x>", b"<>", b" <c@x>"]),
        st.sampled_from([b"", b" # comment", b" trailing", b"<z@x>", b"\r"]),
    ),
)
ODD = st.sampled_from(
    [b"", b"# Ann <a@x>", b" # Ann <a@x>", b"no address", b"<a@x", b"a@x>", b"Ann <a@x", b"><", b"<>"]
)
ASKED = [
    (name, email) for name in (b"Ann", b"ann LEE", b"Bob", b"J\xf6rg", b"X") for email in (b"a@x", b"B@X", b"c@x", b"q")
]


@examples(60)
@given(st.lists(st.one_of(ENTRY, ODD), max_size=6), st.booleans())
def test_any_mailmap_resolves_as_git_check_mailmap_does(lines: list[bytes], ends_with_newline: bool) -> None:  # noqa: FBT001
    content = b"\n".join(lines) + (b"\n" if ends_with_newline else b"")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        git(path, "init", "-q", ".")
        (path / ".mailmap").write_bytes(content)
        asked = b"".join(b"%s <%s>\n" % person for person in ASKED)
        expected = git(path, "check-mailmap", "--stdin", stdin=asked).splitlines()
    mailmap = Mailmap(content)
    assert [b"%s <%s>" % mailmap.resolve(*person) for person in ASKED] == expected
