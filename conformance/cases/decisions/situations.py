"""What the situations of decide.json are put together from."""

from ..draws import MAX
from ..members import member

MS = 10**6
S = 10**9
# Which of two is drawn first: `FIRST` draws the lower index first, `SECOND` the higher.
FIRST, SECOND = [0, 0], [MAX, 0]


def case(name, members_, random=(), **rest):
    return {"name": name, "members": members_, "random": list(random), **rest}


def balancer(kind, **rest):
    return {"balancer": {"kind": kind, **rest}}


RANDOM, WRR, LEAST, RING, RENDEZVOUS = map(
    balancer, ("weighted_random", "smooth_wrr", "least_request", "ring_hash", "rendezvous")
)


def out(until=S):
    return {"ejected_until": until}


def warm(cost, stamp=0, **rest):
    return {"cost": cost, "stamp": stamp, **rest}


CANARY = {"subsets": [{"name": "v1", "version": "^1", "weight": 95}, {"name": "v2", "version": "^2", "weight": 5}]}
HOME = {"zone": "z1", "region": "eu"}
NEAR = [
    member("a", zone="z1", region="eu"),
    member("b", zone="z2", region="eu"),
    member("c", zone="z3", region="us"),
    member("d", zone="z4", region="ap"),
    member("e"),
]
