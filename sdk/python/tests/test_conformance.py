"""The parts of the definitions against the shared vectors, one test for each file."""

from typing import Any

import pytest
from vectors import FOLDER, Draws, close, only, vectors

from paste_registry.choosing import balancers, eligibility, latency, locality
from paste_registry.choosing.arithmetic import two_indices
from paste_registry.choosing.backoff import reconnect_wait, retry_wait
from paste_registry.choosing.candidates import Candidates
from paste_registry.choosing.endpoint import Endpoint
from paste_registry.choosing.outliers import Outliers
from paste_registry.choosing.peak_ewma import PeakEwma
from paste_registry.choosing.policy import Policy, duration
from paste_registry.choosing.retry_budget import RetryBudget
from paste_registry.choosing.slow_start import Warming
from paste_registry.choosing.version_range import InvalidVersionRangeError, VersionRange
from paste_registry.choosing.xxh64 import xxh64
from paste_registry.instance import Instance

RUN = {
    *("version-range", "eligibility", "xxh64", "p2c-draw", "weighted-random", "smooth-wrr", "least-request"),
    *("peak-ewma", "rendezvous", "ring-hash", "locality", "outlier", "slow-start", "retry-budget", "backoff"),
    *("latency-buckets", "reconnect", "subsets", "decide"),
}


def test_every_file_is_run() -> None:
    """Those of `rust-*` are for Rust alone; `subsets` and `decide` are run by `test_conformance_decide.py`."""
    there = {file.stem for file in FOLDER.glob("*.json") if not file.stem.startswith("rust-")}
    assert there <= RUN


def endpoint(data: dict[str, Any], *known: str) -> Endpoint:
    only(data, *known)
    instance = Instance(
        data.get("id", ""), data.get("address", "10.0.0.1"), data.get("port", 80), weight=data.get("weight", 100)
    )
    made = Endpoint(instance)
    made.in_flight = data.get("in_flight", 0)
    return made


@pytest.mark.parametrize("vector", vectors("version-range"))
def test_version_range(vector: dict[str, Any]) -> None:
    only(vector, "range", "canonical", "matches", "misses", "error", "at")
    if "error" in vector:
        with pytest.raises(InvalidVersionRangeError) as refused:
            VersionRange(vector["range"])
        assert (refused.value.kind, refused.value.at) == (vector["error"], vector.get("at"))
        return
    found = VersionRange(vector["range"])
    assert found.canonical == vector["canonical"]
    assert VersionRange(found.canonical) == found
    assert [v for v in vector.get("matches", ()) if not found.matches(v)] == []
    assert [v for v in vector.get("misses", ()) if found.matches(v)] == []
    assert not found.matches(None)


@pytest.mark.parametrize("vector", vectors("eligibility"))
def test_eligibility(vector: dict[str, Any]) -> None:
    only(vector, "protect_threshold", "members", "protected", "eligible")
    for member in vector["members"]:
        only(member, "id", "status", "health")
    members = [Instance(m["id"], "a", 1, status=m["status"], health=m["health"]) for m in vector["members"]]
    protected = eligibility.is_protected(members, vector["protect_threshold"])
    assert protected == vector["protected"]
    assert [m.id for m in members if eligibility.is_eligible(m, protected)] == vector["eligible"]


@pytest.mark.parametrize("vector", vectors("xxh64"))
def test_xxh64(vector: dict[str, Any]) -> None:
    only(vector, "text", "hex", "seed", "hash")
    data = vector["text"].encode() if "text" in vector else bytes.fromhex(vector["hex"])
    assert f"{xxh64(data, int(vector['seed'], 16)):016x}" == vector["hash"]


@pytest.mark.parametrize("vector", vectors("p2c-draw"))
def test_p2c_draw(vector: dict[str, Any]) -> None:
    only(vector, "n", "random", "indices")
    draws = Draws(vector["random"])
    assert list(two_indices(vector["n"], draws)) == vector["indices"]
    assert draws.all_drawn()


@pytest.mark.parametrize("vector", vectors("weighted-random"))
def test_weighted_random(vector: dict[str, Any]) -> None:
    only(vector, "weights", "random", "picked")
    draws = Draws(vector["random"])
    candidates = Candidates([Endpoint(Instance("", "a", 1))] * len(vector["weights"]), vector["weights"])
    assert balancers.weighted_random(candidates.cumulative, draws) == vector["picked"]
    assert draws.all_drawn()


@pytest.mark.parametrize("vector", vectors("smooth-wrr"))
def test_smooth_wrr(vector: dict[str, Any]) -> None:
    only(vector, "rounds")
    known: dict[str, Endpoint] = {}
    for turn in vector["rounds"]:
        only(turn, "gone", "candidates", "picked")
        for name in turn["gone"]:
            known.pop(name, None)
        candidates = [known.setdefault(c["id"], endpoint(c, "id", "weight")) for c in turn["candidates"]]
        weights = [c["weight"] for c in turn["candidates"]]
        assert candidates[balancers.smooth_wrr(candidates, weights)].id == turn["picked"]


@pytest.mark.parametrize("vector", vectors("least-request"))
def test_least_request(vector: dict[str, Any]) -> None:
    only(vector, "candidates", "random", "picked")
    draws = Draws(vector["random"])
    candidates = [endpoint(c, "in_flight", "weight") for c in vector["candidates"]]
    weights = [c["weight"] for c in vector["candidates"]]
    assert balancers.least_request(candidates, weights, draws) == vector["picked"]
    assert draws.all_drawn()


@pytest.mark.parametrize("vector", vectors("peak-ewma"))
def test_peak_ewma(vector: dict[str, Any]) -> None:
    only(vector, "decay", "steps")
    ewma = PeakEwma(duration(vector["decay"]))
    known: dict[str, Endpoint] = {}

    def named(data: dict[str, Any]) -> Endpoint:
        found = known.setdefault(data["id"], Endpoint(Instance(data["id"], "a", 1)))
        found.in_flight = data.get("in_flight", 0)
        return found

    for step in vector["steps"]:
        match step["do"]:
            case "gone":
                only(step, "do", "id", "at")
                if step["id"] in known:
                    ewma.forget(known.pop(step["id"]))
            case "load":
                only(step, "do", "id", "at", "in_flight", "weight", "load")
                assert ewma.load(named(step), step["weight"], step["at"]) == close(step["load"])
            case "pick":
                only(step, "do", "at", "candidates", "random", "picked")
                draws = Draws(step["random"])
                weights = [candidate["weight"] for candidate in step["candidates"]]
                candidates = Candidates([named(candidate) for candidate in step["candidates"]], weights)
                picked = balancers.peak_ewma(candidates, ewma, step["at"], draws)
                assert candidates.endpoints[picked].id == step["picked"]
                assert draws.all_drawn()
            case do:
                only(step, "do", "id", "at", "rtt", "cost", "stamp")
                observe = {"observe": ewma.observe, "fail": ewma.observe_failure}[do]
                observe(named(step), step["rtt"], step["at"])
                assert (named(step).cost, named(step).stamp) == (close(step["cost"]), step["stamp"])


@pytest.mark.parametrize("vector", vectors("locality"))
def test_locality(vector: dict[str, Any]) -> None:
    only(vector, "locality", "priorities", "loads", "panic", "draws")
    policy = Policy.from_json({"locality": vector["locality"]}).locality
    found = locality.loads([(each["healthy"], each["total"]) for each in vector["priorities"]], policy)
    assert [load for load, _ in found] == vector["loads"]
    assert [panic for _, panic in found] == vector["panic"]
    for draw in vector["draws"]:
        only(draw, "random", "priority")
        draws = Draws(draw["random"])
        assert locality.drawn(vector["loads"], draws) == draw["priority"]
        assert draws.all_drawn()


@pytest.mark.parametrize("vector", vectors("outlier"))
def test_outlier(vector: dict[str, Any]) -> None:
    only(vector, "outlier_detection", "endpoints", "steps")
    policy = Policy.from_json({"outlier_detection": vector["outlier_detection"]}).outlier_detection
    known = {name: Endpoint(Instance(name, "a", 1)) for name in vector["endpoints"]}
    outliers = Outliers(policy, known)
    for step in vector["steps"]:
        only(step, "at", "id", "success", "count", "endpoints", "ejected")
        if "endpoints" in step:
            for name in known.keys() - set(step["endpoints"]):
                outliers.forget(known.pop(name))
            for name in step["endpoints"]:
                known.setdefault(name, Endpoint(Instance(name, "a", 1)))
        else:
            for _ in range(step.get("count", 1)):
                outliers.look(step["at"])
                if "id" in step:
                    outliers.outcome(known[step["id"]], not step["success"], step["at"])
        ejected = {n for n, e in known.items() if e.ejected and (e.ejected_until or 0) > step["at"]}
        assert sorted(ejected) == step["ejected"]


@pytest.mark.parametrize("vector", vectors("slow-start"))
def test_slow_start(vector: dict[str, Any]) -> None:
    only(vector, "slow_start", "ages", "factors")
    now = 10**15
    warming = Warming(Policy.from_json({"slow_start": vector["slow_start"]}).slow_start)
    endpoints = [Endpoint(Instance(str(index), "a", 1)) for index, _ in enumerate(vector["ages"])]
    for each, age in zip(endpoints, vector["ages"], strict=True):
        if age is not None:
            warming.begin(each, now - age)
    applies = warming.applies(len(endpoints), now)
    factors = [warming.factor(each, now) if applies else 1.0 for each in endpoints]
    assert factors == [close(factor) for factor in vector["factors"]]


@pytest.mark.parametrize("vector", vectors("retry-budget"))
def test_retry_budget(vector: dict[str, Any]) -> None:
    only(vector, "retries", "steps")
    policy = Policy.from_json({"retries": vector["retries"]}).retries
    budget = RetryBudget()
    for step in vector["steps"]:
        only(step, "at", "tries", "retries", "granted")
        for _ in range(step.get("tries", 0)):
            budget.first_try(step["at"])
        granted = sum(budget.retry(policy, step["at"]) for _ in range(step.get("retries", 0)))
        assert granted == step.get("granted", 0)


@pytest.mark.parametrize("vector", vectors("backoff"))
def test_backoff(vector: dict[str, Any]) -> None:
    only(vector, "retries", "n", "random", "wait")
    draws = Draws(vector["random"])
    if "retries" in vector:
        wait = retry_wait(Policy.from_json({"retries": vector["retries"]}).retries, vector["n"], draws)
    else:
        wait = reconnect_wait(vector["n"], draws)
    assert wait == vector["wait"]
    assert draws.all_drawn()


@pytest.mark.parametrize("vector", vectors("latency-buckets"))
def test_latency_buckets(vector: dict[str, Any]) -> None:
    only(vector, "latency", "bucket")
    assert latency.bucket(vector["latency"]) == vector["bucket"]


@pytest.mark.parametrize("vector", vectors("rendezvous"))
def test_rendezvous(vector: dict[str, Any]) -> None:
    only(vector, "candidates", "picks")
    balance = hashing("rendezvous", vector)
    for pick in vector["picks"]:
        only(pick, "key", "picked")
        assert balance(pick["key"], ()) == pick["picked"]


@pytest.mark.parametrize("vector", vectors("ring-hash"))
def test_ring_hash(vector: dict[str, Any]) -> None:
    only(vector, "ring_size", "candidates", "entries", "picks")
    candidates = Candidates.of([endpoint(c, "id", "address", "port", "weight") for c in vector["candidates"]])
    ring = candidates.ring(vector["ring_size"])
    counts = [ring.owners.count(index) for index in range(len(candidates.endpoints))]
    assert counts == vector["entries"]
    balance = hashing("ring_hash", vector)
    for pick in vector["picks"]:
        only(pick, "key", "tried", "picked")
        assert balance(pick["key"], pick["tried"]) == pick["picked"]


def hashing(kind: str, vector: dict[str, Any]) -> Any:
    """A hashing balancer as step 7 of the definitions meets it."""
    from paste_registry.choosing.ask import Ask
    from paste_registry.choosing.balance import Balance
    from paste_registry.choosing.policy import Balancer

    policy = Balancer(kind=kind, ring_size=vector.get("ring_size", 1024))
    members = [endpoint(c, "id", "address", "port", "weight") for c in vector["candidates"]]
    balance = Balance(policy, PeakEwma(policy.decay), members)

    def choose(key: str, tried: Any) -> str:
        return balance.choose(Ask(hash_key=key, tried=frozenset(tried)), 0, Draws(())).id

    return choose
