"""A policy as on the wire, with the defaults for what is left out."""

DEFAULTS = {
    "description": "",
    "balancer": {"kind": "peak_ewma", "decay": "10s", "hash_header": None, "ring_size": 1024, "bounded_load": None},
    "subsets": [],
    "rules": [],
    "locality": {"failover_regions": [], "overprovision": 140, "panic_threshold": 50},
    "outlier_detection": {
        "consecutive_failures": 5,
        "failure_percentage": 60,
        "failure_percentage_requests": 20,
        "failure_percentage_hosts": 2,
        "interval": "10s",
        "base_ejection": "30s",
        "max_ejection": "300s",
        "max_ejected": 30,
    },
    "retries": {
        "max": 2,
        "statuses": [502, 503, 504],
        "budget": 20,
        "min_per_second": 10,
        "backoff_base": "25ms",
        "backoff_max": "250ms",
    },
    "timeouts": {"connect": "1s", "per_try": None, "request": "15s"},
    "slow_start": {"window": None, "aggression": 1.0, "min_weight": 10},
    "protect_threshold": None,
}


def piece(name, written):
    """One object of the policy."""
    unknown = set(written) - set(DEFAULTS[name])
    assert not unknown, f"{name} has no {unknown}"
    return {**DEFAULTS[name], **written}


def policy(written):
    """The whole policy; None: there is none."""
    written = written or {}
    assert set(written) <= set(DEFAULTS), written
    return {
        name: piece(name, written.get(name, {})) if isinstance(default, dict) else written.get(name, default)
        for name, default in DEFAULTS.items()
    }
