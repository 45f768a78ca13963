"""decide.json: whole decisions."""

from reference.decide import NoInstance, Situation, decide
from reference.policy import policy

from .decisions import CASES
from .draws import drawing


def vectors():
    return [vector(**case) for case in CASES]


def vector(name, members, random=(), protected=False, policy_=None, caller=None, request=None, endpoints=None, now=0):
    source, written = drawing(random)
    members = sorted(members, key=lambda member: member["id"].encode())
    made = {
        "name": name,
        "members": members,
        "protected": protected,
        "policy": policy_,
        "caller": caller or {},
        "request": request or {},
        "endpoints": endpoints or {},
        "now": now,
        "random": written,
    }
    situation = Situation(members, protected, policy(policy_), made["caller"], made["request"], made["endpoints"], now)
    try:
        decision = decide(situation, source)
    except NoInstance as reason:
        return {**made, "drawn": source.drawn, "error": str(reason)}
    taken = {"picked": decision.picked, "subset": decision.subset, "priority": decision.priority}
    return {**made, "drawn": source.drawn, **taken}
