"""What can go wrong, by what the caller should do about it."""


class RegistryError(Exception):
    """The base of all errors of this package."""


class RefusedError(RegistryError):
    """The registry refused a registration for good: change what is registered. `status` is the HTTP status, `code` the
    stable word of the problem, `detail` what was wrong and what to do."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(f"the registry refuses the registration ({code}): {detail}")
        self.status = status
        self.code = code
        self.detail = detail


class NotKnownYetError(RegistryError):
    """Nothing is known yet of a service or configuration item: try later. `reason` is what keeps the client from it."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name} is not known yet: {reason}")
        self.name = name
        self.reason = reason


class NoInstanceError(RegistryError):
    """The service is known, and no instance of it can be chosen. `reason` is `no instances`, `none eligible`, `none
    match` or `all ejected`."""

    def __init__(self, service: str, reason: str) -> None:
        super().__init__(f"no instance of {service} can be chosen: {reason}")
        self.service = service
        self.reason = reason


class CallFailedError(RegistryError):
    """A call got no answer from its last try; the cause is what happened there. `sent` says whether the request may
    have reached the instance."""

    def __init__(self, service: str, instance: str, sent: bool, reason: str) -> None:
        super().__init__(f"the call to {service} failed at instance {instance}: {reason}")
        self.service = service
        self.instance = instance
        self.sent = sent


class ClosedError(RegistryError):
    """The client is closed: open another."""

    def __init__(self) -> None:
        super().__init__("the registry client is closed; open another one")


class UnavailableError(RegistryError):
    """A node of the registry gave no usable answer. The client tries again by itself; this is what hooks and
    `NotKnownYetError` tell. `retry_after` is what the node asks to wait, in seconds."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
