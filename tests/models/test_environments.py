"""One name for an environment, whatever it is called."""

import pytest

from devhealth.models.environments import environment

NAMES = {
    "production": ("prod", "PRD", "Live", " Production "),
    "staging": ("stg", "stage", "staging", "Staging"),
    "development": ("dev", "Develop", "development"),
    "testing": ("qa", "test", "Testing"),
    "preview": ("Preview", "review/feature-1", "review-42", "Review/a/b"),
    "github-pages": ("github-pages", "GitHub-Pages"),
    "production-eu": ("Production-EU",),
    "reviewing": ("reviewing",),
    "": ("", " "),
}


@pytest.mark.parametrize(("name", "said"), [(name, said) for name, all_said in NAMES.items() for said in all_said])
def test_an_environment_has_one_name(name, said):
    assert environment(said) == name
