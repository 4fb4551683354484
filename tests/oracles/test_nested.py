"""The plan of nested models, made flat, computes what recursion does, call by call."""

from __future__ import annotations

from tests.oracles.nested import check_nested


def test_plans_agree_with_recursion(backend: str) -> None:
    assert check_nested(backend) == ""
