"""Why an instance was chosen: what each step of a decision left."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Trace:
    """A decision, filled in step by step. Its text has a line for each.

    `eligible` of the `members` may answer, `asked` of those have what was asked for. `subset` is the name of the subset
    that answers, if one does, `subset_by` what decided on it. `priorities` are the places by distance: name (`zone`,
    `region`, `failover:` and a region, `other`), load in percent, panic; `priority` is the one that answers, with so
    many `candidates`. `tried` were excluded. `balancer` is the kind that `picked` the id.
    """

    members: int = 0
    eligible: int = 0
    asked: int = 0
    subset: str | None = None
    subset_by: str = ""
    priorities: list[tuple[str, int, bool]] = field(default_factory=list)
    priority: str = ""
    candidates: int = 0
    tried: int = 0
    balancer: str = ""
    picked: str | None = None

    def __str__(self) -> str:
        places = ", ".join(f"{name} {load} %{' in panic' * panic}" for name, load, panic in self.priorities)
        return "\n".join(
            (
                f"eligible: {self.eligible} of {self.members}",
                f"asked for: {self.asked}",
                f"subset: {self.subset or 'none'} ({self.subset_by})",
                f"places: {places}",
                f"place: {self.priority}, {self.candidates} candidates, {self.tried} tried before",
                f"{self.balancer}: {self.picked}",
            )
        )
