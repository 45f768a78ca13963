"""Who may answer a request, before anybody asks for something in particular."""

from collections.abc import Iterable
from typing import Protocol


class Member(Protocol):
    """What eligibility looks at."""

    @property
    def status(self) -> str:
        """What its owner or an administrator wants."""

    @property
    def health(self) -> str:
        """What is known of it."""


def is_up(member: Member) -> bool:
    """Whether it is meant to serve, failing or not."""
    return member.status == "up"


def is_eligible(member: Member, protected: bool) -> bool:
    """Whether it may answer: its status is `up`, and it isn't failing unless the service is protected."""
    return member.status == "up" and (protected or member.health != "failing")


def is_protected(members: Iterable[Member], threshold: int) -> bool:
    """Whether all members with status `up` are served because fewer than `threshold` percent of them are healthy.

    The registry decides this and says so with each list; here it is for who holds a list without its word.
    """
    up = [member for member in members if is_up(member)]
    healthy = sum(member.health != "failing" for member in up)
    return healthy < len(up) and healthy * 100 < len(up) * threshold
