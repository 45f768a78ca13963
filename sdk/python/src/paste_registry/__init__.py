"""The Python client of paste.registry: register, discover, choose, call, configure.

    from paste_registry import Registry

    registry = Registry.connect("http://127.0.0.1:7750")
    registry.register("hello", port=8080, address="127.0.0.1", version="1.0.0")
    answer = registry.http.get("http://orders/orders/42")

`Registry` is the client, `Service` a service that is followed, `Pick` an instance chosen for one call, `Config` a
configuration item that is followed. Integrations are modules of their own: `paste_registry.wsgi`, `asgi`, `fastapi`,
`flask`, `django`, `httpx`, and `paste_registry.aio` for programs on asyncio.
"""

from ._version import __version__
from .choosing.policy import Policy
from .choosing.trace import Trace
from .choosing.version_range import InvalidVersionRangeError, VersionRange
from .config import Config
from .errors import CallFailedError, ClosedError, NoInstanceError, NotKnownYetError, RefusedError, RegistryError
from .http import HttpClient, Response
from .instance import Instance
from .local_config import ConfigValue
from .pick import Pick
from .registration import Registration
from .registry import Registry
from .service import Service
from .settings import Settings

__all__ = [
    "CallFailedError",
    "ClosedError",
    "Config",
    "ConfigValue",
    "HttpClient",
    "Instance",
    "InvalidVersionRangeError",
    "NoInstanceError",
    "NotKnownYetError",
    "Pick",
    "Policy",
    "RefusedError",
    "Registration",
    "Registry",
    "RegistryError",
    "Response",
    "Service",
    "Settings",
    "Trace",
    "VersionRange",
    "__version__",
]
