"""The situations of decide.json, in the order of the steps that they are about."""

from . import balancing, where, which, who

CASES = [*who.CASES, *where.CASES, *which.CASES, *balancing.CASES]
