"""Flask in one line:

    paste_registry.flask.setup(app, registry, "orders", port=8080, address="10.0.0.7")

The process is registered at once, drained and deregistered at its end, and its calls are counted.
"""

from typing import Any

from flask import Flask

from .registration import Registration
from .registry import Registry
from .wsgi import Middleware


def setup(
    app: Flask, registry: Registry, service: str, *, port: int, address: str, **registration: Any
) -> Registration:
    """Sets up `app` as an instance of `service`; further options are those of `Registry.register`.
    `app.extensions["paste_registry"]` is the client."""
    app.extensions["paste_registry"] = registry
    app.wsgi_app = Middleware(app.wsgi_app, registry)  # type: ignore[method-assign]
    return registry.register(service, port, address, **registration)
