"""What a caller asks for when it chooses an instance."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..instance import Instance
    from .policy import Subset
    from .version_range import VersionRange


@dataclass(frozen=True, slots=True)
class Ask:
    """Selectors that an instance has to satisfy, who asks, and what was tried before. Headers are those of the call,
    their names in small letters."""

    version: "VersionRange | None" = None
    tags: tuple[str, ...] = ()
    metadata: tuple[tuple[str, str], ...] = ()
    zone: str | None = None
    region: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    hash_key: str | None = None
    tried: frozenset[str] = frozenset()


def matches(instance: "Instance", wanted: "Ask | Subset") -> bool:
    """Whether an instance has the version, all tags and all metadata that are wanted."""
    return (
        (wanted.version is None or wanted.version.matches(instance.version))
        and all(tag in instance.tags for tag in wanted.tags)
        and all(instance.metadata.get(key) == value for key, value in wanted.metadata)
    )


def lowered(name: str | None) -> str | None:
    """The name of a header as it is compared."""
    return name.lower() if name else None
