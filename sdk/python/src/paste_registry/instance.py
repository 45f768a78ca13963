"""One running copy of a service, as the registry tells of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from sys import intern
from types import MappingProxyType
from typing import Any

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance. `address` is an IP address or a host name, `weight` its share of traffic relative to its siblings
    (0 to 10000), `status` what its owner or an administrator wants (`up`, `starting`, `draining`, `down`,
    `maintenance`), `health` what is known of it (`passing`, `suspect`, `failing`)."""

    id: str
    address: str
    port: int
    version: str | None = None
    weight: int = 100
    zone: str | None = None
    region: str | None = None
    status: str = "up"
    health: str = "passing"
    protocol: str | None = None
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    ports: Mapping[str, int] = field(default_factory=lambda: _NOTHING)
    session: str | None = None
    ephemeral: bool = True
    revision: int = 0

    @property
    def authority(self) -> str:
        """`address:port`, IPv6 addresses in brackets."""
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Instance":
        """An instance from the registry's JSON; raises `ValueError` for what is none. Unknown keys are passed over."""
        instance_id, address, port = data["id"], data["address"], data["port"]
        weight = data.get("weight", 100)
        numbers = type(port) is int and type(weight) is int and weight >= 0
        if not (isinstance(instance_id, str) and isinstance(address, str) and numbers):
            raise ValueError(f"not an instance: {data!r:.200}")
        return cls(
            id=instance_id,
            address=address,
            port=port,
            version=_word(data, "version"),
            weight=weight,
            zone=_word(data, "zone"),
            region=_word(data, "region"),
            status=_word(data, "status") or "up",
            health=_word(data, "health") or "passing",
            protocol=_word(data, "protocol"),
            tags=tuple(intern(tag) for tag in data.get("tags") or ()),
            metadata=_shared(data.get("metadata")),
            ports=_shared(data.get("ports")),
            session=_word(data, "session"),
            ephemeral=bool(data.get("ephemeral", True)),
            revision=int(data.get("revision", 0)),
        )

    def to_json(self) -> dict[str, Any]:
        """The JSON that `from_json` reads; what is empty is left out."""
        every = {name: getattr(self, name) for name in self.__slots__}
        every["tags"], every["metadata"], every["ports"] = list(self.tags), dict(self.metadata), dict(self.ports)
        return {name: value for name, value in every.items() if value not in (None, [], {})}


def _word(data: Mapping[str, Any], key: str) -> str | None:
    """A text of which thousands of instances have the same: it is kept once."""
    value = data.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError(f"{key} of an instance is no text: {value!r:.100}")
    return intern(value)


def _shared(pairs: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return {intern(key): value for key, value in pairs.items()} if pairs else _NOTHING
