"""How long to wait before trying again: a random part of a bound that doubles (full jitter). Nanoseconds."""

from .arithmetic import Random, mulhi
from .policy import SECOND, Retries

_RECONNECT_BASE = SECOND // 2
_RECONNECT_MAX = 30 * SECOND
_DOUBLINGS_MAX = 64


def retry_wait(policy: Retries, number: int, random: Random) -> int:
    """The wait before the retry `number`, from 0, of a call."""
    longest = min(policy.backoff_max, policy.backoff_base << min(number, _DOUBLINGS_MAX))
    return mulhi(random(), longest + 1)


def reconnect_wait(number: int, random: Random) -> int:
    """The wait after the failure `number`, from 0, to reach the registry."""
    return mulhi(random(), min(_RECONNECT_MAX, _RECONNECT_BASE << min(number, _DOUBLINGS_MAX)))
