"""People are compared in one form."""

import pytest

from devhealth.models.people import normal_alias


@pytest.mark.parametrize(
    ("recorded", "normal"),
    [
        (" Ann@Example.COM ", "ann@example.com"),
        ("49699333+Octo-Cat@users.noreply.github.com", "octo-cat@users.noreply.github.com"),
        ("123-ann@users.noreply.gitlab.com", "ann@users.noreply.gitlab.com"),
        ("octo@users.noreply.github.com", "octo@users.noreply.github.com"),
        ("12+ann@example.com", "12+ann@example.com"),
        (" Ann\tLee ", "ann\tlee"),
        ("", ""),
    ],
)
def test_one_person_has_one_address(recorded: str, normal: str) -> None:
    assert normal_alias(recorded) == normal
