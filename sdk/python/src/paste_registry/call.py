"""One call to a service with its retries, without the sending: what all wrappers of HTTP clients share."""

import time
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .choosing.ask import Ask
from .choosing.backoff import retry_wait
from .choosing.policy import SECOND
from .choosing.version_range import version_range
from .errors import RegistryError
from .pick import Pick

if TYPE_CHECKING:
    from .registry import Registry

_IDEMPOTENT = frozenset(("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"))


class Call:
    """The tries of one call: `pick`, send within `connect_timeout` and `timeout`, then ask `failed` or `retries` for
    the seconds to wait before the next try, `None` if this was the last, and `again` for its pick."""

    def __init__(
        self,
        registry: "Registry",
        url: str,
        method: str,
        headers: Mapping[str, str],
        *,
        replayable: bool,
        idempotent: bool | None = None,
        timeout: float | None = None,
        version: str | None = None,
        tags: Collection[str] = (),
        metadata: Mapping[str, str] | None = None,
        hash_key: str | None = None,
    ) -> None:
        """`url` names the service as its host; `replayable` is whether the body can be sent twice; `idempotent` else
        follows from the method; `timeout`, in seconds, is else that of the policy."""
        self.service = registry.service(service_of(url))
        self.picked: Pick | None = None
        self._registry = registry
        self._policy = self.service.policy()
        self._again = replayable and (method.upper() in _IDEMPOTENT if idempotent is None else idempotent)
        self._selectors: dict[str, Any] = {
            "version": version_range(version) if version is not None else None,
            "tags": tuple(tags),
            "metadata": tuple(sorted(metadata.items())) if metadata else (),
            "hash_key": hash_key,
            "headers": {name.lower(): value for name, value in headers.items()},
            "zone": registry.settings.zone,
            "region": registry.settings.region,
        }
        self._clock = registry.settings.clock
        self._tried: frozenset[str] = frozenset()
        self._retries = 0
        self._begun = self._clock()
        whole = self._policy.timeouts.request if timeout is None else int(timeout * SECOND)
        self._deadline = None if whole is None else self._begun + whole
        self.service.budget.first_try(self._begun)

    def pick(self) -> Pick:
        """Chooses the instance for the next try; raises what `Service.choose` does."""
        pick = self.service.pick(Ask(tried=self._tried, **self._selectors))
        self._tried |= {pick.instance.id}
        self.picked, self._begun = pick, self._clock()
        return pick

    def again(self, wait: float | None) -> Pick | None:
        """The pick for the next try, after `wait` seconds. `None` if there is none, or nobody can be chosen any more:
        then the caller gets what the last try gave."""
        if wait is None:
            return None
        time.sleep(wait)
        try:
            return self.pick()
        except RegistryError:
            return None

    @property
    def connect_timeout(self) -> float | None:
        """The seconds that opening a connection may take."""
        return _least(self._policy.timeouts.connect, self._left())

    @property
    def timeout(self) -> float | None:
        """The seconds that are left for this try."""
        per_try = self._policy.timeouts.per_try
        spent = self._clock() - self._begun
        return _least(None if per_try is None else per_try - spent, self._left())

    @property
    def latency(self) -> float:
        """The seconds since this try began."""
        return (self._clock() - self._begun) / SECOND

    def failed(self, sent: bool) -> float | None:
        """The try got no answer; `sent` is whether a connection was open, so that the instance may have seen it."""
        if self.picked is not None:
            self.picked.done(False, self.latency)
        return self._next() if self._again or not sent else None

    def retries(self, status: int) -> float | None:
        """The try was answered with this status: whether to send it again. Report the outcome beside."""
        return self._next() if self._again and status in self._policy.retries.statuses else None

    def _next(self) -> float | None:
        policy, now = self._policy.retries, self._clock()
        if self._retries >= policy.max:
            return None
        wait = retry_wait(policy, self._retries, self._registry.settings.random)
        if self._deadline is not None and now + wait >= self._deadline:
            return None
        if not self.service.budget.retry(policy, now):
            return None
        self._retries += 1
        return wait / SECOND

    def _left(self) -> int | None:
        return None if self._deadline is None else self._deadline - self._clock()


def service_of(url: str) -> str:
    """The service that a URL names as its host, as it is written; a port says nothing. Raises `ValueError`."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2].partition(":")[0]
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError(f"not a URL such as http://service/path: {url!r:.200}")
    return host


def _least(*nanoseconds: int | None) -> float | None:
    """The least, in seconds and above 0, of those that are known."""
    known = [each for each in nanoseconds if each is not None]
    return max(min(known) / SECOND, 0.001) if known else None
