"""The difference of two lists of headers, as Envoy carries it out."""

from __future__ import annotations

import pytest

pytest.importorskip("grpc_health", reason="pip install 'authproblem[envoy]'")

from envoy.service.ext_proc.v3.external_processor_pb2 import HeaderMutation
from hypothesis import given
from hypothesis import strategies as st

from authproblem.extproc.mutation import mutate
from tests.extproc.support import mutated
from tests.support.responses import Pairs

pairs = st.lists(st.tuples(st.sampled_from(["a", "b", "set-cookie", "vary"]), st.sampled_from(["1", "2", ""])))


def difference(before: Pairs, after: Pairs) -> HeaderMutation:
    """The mutation from one list to the other."""
    mutation = HeaderMutation()
    raw = [[(name.encode(), value.encode()) for name, value in side] for side in (before, after)]
    mutate(mutation, *raw)
    return mutation


@given(before=pairs, after=pairs)
def test_gives_the_lines_of_each_name_in_order(before: Pairs, after: Pairs) -> None:
    """Whatever the two lists are, each name ends with the lines that it is to have."""
    _, got = mutated(200, before, difference(before, after))

    names = {name for name, _ in before + after}
    assert {name: [v for n, v in after if n == name] for name in names} == {
        name: [v for n, v in got if n == name] for name in names
    }


@given(headers=pairs)
def test_equal_lists_need_no_change(headers: Pairs) -> None:
    """Nothing is sent for what stays."""
    assert HeaderMutation() == difference(headers, list(headers))
