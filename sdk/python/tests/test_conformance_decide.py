"""Whole decisions against the shared vectors."""

from bisect import insort
from typing import Any

import pytest
from vectors import Draws, only, vectors

from paste_registry.choosing.ask import Ask
from paste_registry.choosing.chooser import Chooser, NoneToChooseError
from paste_registry.choosing.endpoint import Endpoint
from paste_registry.choosing.policy import Policy
from paste_registry.choosing.subsets import Asked, subset_of
from paste_registry.choosing.trace import Trace
from paste_registry.choosing.version_range import version_range
from paste_registry.instance import Instance


def lowered(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def restore(chooser: Chooser, endpoint: Endpoint, state: dict[str, Any]) -> None:
    """Puts an endpoint into the state that a vector describes."""
    only(state, "in_flight", "cost", "stamp", "current", "ejected_until", "slow_start_began")
    endpoint.in_flight = state.get("in_flight", 0)
    endpoint.current = state.get("current", 0.0)
    if "cost" in state:
        endpoint.cost, endpoint.stamp, endpoint.observed = state["cost"], state["stamp"], True
        insort(chooser._ewma._costs, state["cost"])
    if "ejected_until" in state:
        endpoint.ejected, endpoint.ejected_until = True, state["ejected_until"]
        chooser._outliers._ejected.add(endpoint)
        chooser._outliers._next_return = 0
    if "slow_start_began" in state:
        chooser._warming.begin(endpoint, state["slow_start_began"])


@pytest.mark.parametrize("vector", vectors("subsets"))
def test_subsets(vector: dict[str, Any]) -> None:
    only(vector, "policy", "members", "caller", "headers", "random", "drawn", "subset", "left")
    only(vector["caller"], "zone", "region")
    draws = Draws(vector["random"])
    asked = Asked(
        [Endpoint(Instance.from_json(each)) for each in vector["members"]], Policy.from_json(vector["policy"])
    )
    name, _ = subset_of(asked, Ask(headers=lowered(vector["headers"]), **vector["caller"]), draws)
    assert name == vector["subset"]
    left = asked if name is None else asked.subsets[name]
    assert [each.id for each in left.up] == vector["left"]
    assert len(vector["random"]) - len(draws.numbers) == vector["drawn"]


@pytest.mark.parametrize("vector", vectors("decide"))
def test_decide(vector: dict[str, Any]) -> None:
    only(
        vector,
        *("members", "protected", "policy", "caller", "request", "endpoints", "now", "random", "drawn"),
        *("picked", "subset", "priority", "error"),
    )
    request = vector["request"]
    only(request, "version", "tags", "metadata", "headers", "hash_key", "tried")
    only(vector["caller"], "zone", "region")
    draws = Draws(vector["random"])
    chooser = Chooser(draws)
    members = [Instance.from_json(each) for each in vector["members"]]
    chooser.update(members, (), vector["protected"], Policy.from_json(vector["policy"] or {}), 0)
    for name, state in vector["endpoints"].items():
        restore(chooser, chooser.endpoints[name], state)
    ask = Ask(
        version=version_range(request["version"]) if "version" in request else None,
        tags=tuple(request.get("tags", ())),
        metadata=tuple(request.get("metadata", {}).items()),
        headers=lowered(request.get("headers", {})),
        hash_key=request.get("hash_key"),
        tried=frozenset(request.get("tried", ())),
        **vector["caller"],
    )
    trace = Trace()
    if "error" in vector:
        with pytest.raises(NoneToChooseError) as none:
            chooser.decide(ask, vector["now"], trace)
        assert none.value.reason == vector["error"]
    else:
        assert chooser.decide(ask, vector["now"], trace).id == vector["picked"]
        assert (trace.subset, trace.priority) == (vector["subset"], vector["priority"])
    assert len(vector["random"]) - len(draws.numbers) == vector["drawn"]
