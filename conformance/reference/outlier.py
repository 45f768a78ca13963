"""Outlier detection: endpoints that fail are left alone for a while."""

from .numbers import duration


class Endpoint:
    def __init__(self):
        self.consecutive = 0
        self.outcomes = 0
        self.failures = 0
        self.times = 0
        self.until = None


class Outliers:
    """The endpoints of one service. Times are nanoseconds."""

    def __init__(self, settings, ids):
        self.settings = settings
        self.interval = duration(settings["interval"])
        self.began = None
        self.endpoints = {}
        self.members(ids)

    def members(self, ids):
        """What is gone loses its state."""
        self.endpoints = {id_: self.endpoints.get(id_) or Endpoint() for id_ in sorted(ids, key=str.encode)}

    def ejected(self, now):
        return [id_ for id_, one in self.endpoints.items() if one.until is not None and one.until > now]

    def decide(self, now):
        """Before a decision: the ids that are ejected."""
        self.turn(now)
        return self.ejected(now)

    def outcome(self, id_, success, now):
        self.turn(now)
        if self.began is None:
            self.began = now
        one = self.endpoints[id_]
        one.outcomes += 1
        one.failures += not success
        one.consecutive = 0 if success else one.consecutive + 1
        if one.consecutive == self.settings["consecutive_failures"] > 0:
            one.consecutive = 0
            self.eject(id_, now)

    def turn(self, now):
        """Ends the interval if it is over."""
        if self.began is None or now < self.began + self.interval:
            return
        for id_ in self.failing(now):
            self.eject(id_, now)
        for one in self.endpoints.values():
            if one.until is None or one.until <= self.began:
                one.times = max(one.times - 1, 0)
            one.outcomes = one.failures = 0
        self.began = now

    def failing(self, now):
        """The ids whose share of failures in the interval is too high."""
        percentage = self.settings["failure_percentage"]
        ejected = self.ejected(now)
        requests = self.settings["failure_percentage_requests"]
        judged = [id_ for id_, one in self.endpoints.items() if id_ not in ejected and one.outcomes >= requests]
        if percentage == 0 or len(judged) < self.settings["failure_percentage_hosts"]:
            return []
        return [
            id_ for id_ in judged if self.endpoints[id_].failures * 100 >= percentage * self.endpoints[id_].outcomes
        ]

    def eject(self, id_, now):
        ejected, count, most = self.ejected(now), len(self.endpoints), self.settings["max_ejected"]
        allowed = not ejected or (len(ejected) + 1) * 100 <= most * count
        if id_ in ejected or most == 0 or not allowed or len(ejected) + 1 >= count:
            return
        one = self.endpoints[id_]
        one.times += 1
        base, longest = duration(self.settings["base_ejection"]), duration(self.settings["max_ejection"])
        one.until = now + min(base * one.times, max(base, longest))
