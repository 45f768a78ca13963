"""Tracing headers: those of the request that is being served are passed on by the calls that it makes."""

from collections.abc import Iterable, Mapping
from contextvars import ContextVar, Token
from types import MappingProxyType

HEADERS = ("traceparent", "tracestate", "baggage")

_NONE: Mapping[str, str] = MappingProxyType({})
_current: ContextVar[Mapping[str, str]] = ContextVar("paste_registry_tracing", default=_NONE)


def enter(headers: Iterable[tuple[str, str]]) -> Token[Mapping[str, str]]:
    """A request with these headers is being served, in this context, until `leave`."""
    return _current.set({name: value for name, value in headers if name in HEADERS})


def leave(token: Token[Mapping[str, str]]) -> None:
    """The request is served."""
    _current.reset(token)


def passed_on(names: Iterable[str]) -> Mapping[str, str]:
    """The headers to add to a call that has headers with these names."""
    current = _current.get()
    if not current:
        return current
    given = {name.lower() for name in names}
    return {name: value for name, value in current.items() if name not in given}
