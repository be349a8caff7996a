"""Numbers out of node ids, old and new."""

import base64

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devhealth.models.github_ids import number


@given(st.integers(0, 2**63), st.integers(0, 2**63), st.sampled_from(["DE", "DES", "RE", "PR"]))
def test_a_new_id_holds_its_number_last(repository, own, kind):
    packed = base64.urlsafe_b64encode(msgspec.msgpack.encode([0, repository, own])).decode().rstrip("=")
    assert number(f"{kind}_{packed}") == str(own)


@given(st.integers(0, 2**63), st.sampled_from(["Deployment", "DeploymentStatus", "Release"]))
def test_an_old_id_holds_kind_and_number(own, kind):
    assert number(base64.b64encode(f"0{len(kind)}:{kind}{own}".encode()).decode()) == str(own)


def test_the_number_itself_comes_first():
    assert number("DE_kwDOE8v0KM4Sz6Vr", 7) == "7"


@pytest.mark.parametrize(
    "text", ["", "weird", "DE_", "DE_%%", "DE_gA", "DE_oWE", "x_é", "MDM6UmVmMzkyNzY4NjM1OnJlZnM="]
)
def test_an_id_of_another_form_stands_for_itself(text):
    assert number(text) == text


@given(st.text())
def test_no_text_is_refused(text):
    assert isinstance(number(text), str)
