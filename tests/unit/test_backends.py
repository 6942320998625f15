"""Backends: found by the name of their target, and asked what they need before they build."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from msim.backends import registry
from msim.backends.context import Context, build_network
from msim.backends.mpi import RankGroup
from msim.backends.registry import BACKENDS, Backend, backend_of, require_target
from msim.base.errors import InputError
from msim.definitions.models.model import ModelDefinition


def missing() -> None:
    raise InputError("wants a device")


@pytest.fixture()
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was built by a target 'other', which is added to msim's own."""
    found: list[Any] = []
    monkeypatch.setitem(registry.BACKENDS, "other", Backend("other", "a test", lambda *given: found.append(given)))
    return found


def test_a_network_is_built_by_the_backend_of_its_target(model: ModelDefinition, calls: list[Any]) -> None:
    context = Context("other")
    build_network(model, 7, context)
    assert calls == [(model, 7, context)]


def test_what_a_machine_lacks_is_said_before_anything_is_built(
    model: ModelDefinition, calls: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(registry.BACKENDS, "other", replace(BACKENDS["other"], require=missing))
    for ask in (lambda: require_target("other"), lambda: build_network(model, 7, Context("other"))):
        with pytest.raises(InputError, match="wants a device"):
            ask()
    assert calls == []


def test_only_a_backend_that_shares_cells_gets_ranks_or_single_precision(
    calls: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: tuple[dict[str, Any], ...] = ({"ranks": RankGroup(0, 2)}, {"precision": "single"})
    for one in asked:
        with pytest.raises(InputError, match="target 'other' knows one rank"):
            Context("other", **one)
    monkeypatch.setitem(registry.BACKENDS, "other", replace(BACKENDS["other"], shares_cells=True))
    assert [Context("other", **one).target for one in asked] == ["other", "other"]


@pytest.mark.parametrize("wrong", ["cp", "Cpp", "cpp single", ""])
def test_an_unknown_target_is_refused(wrong: str) -> None:
    with pytest.raises(InputError, match=f"unknown target '{wrong}'"):
        backend_of(wrong)


def test_a_target_is_one_word() -> None:
    """Runs say in words what ran them, with the target first."""
    with pytest.raises(InputError, match="wants a name of letters"):
        Backend("my gpu", "a test", print)
    assert all(name == one.name and name in registry.TARGETS_HELP for name, one in BACKENDS.items())
