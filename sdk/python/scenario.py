"""The scenario agent (docs/sdk.md, Scenarios): commands on standard input, one JSON object a line; answers on standard
output."""

import asyncio
import json
import logging
import sys
import threading
import time
from collections import Counter
from typing import Any

from paste_registry import Registry, RegistryError

_CLOSE_LIMIT = 11.0


class Agent:
    """One client, driven by commands."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.registry: Registry | None = None
        self.before = set(threading.enumerate())
        self.loop = asyncio.new_event_loop()

    @property
    def client(self) -> Registry:
        if self.registry is None:
            raise RegistryError("not started")
        return self.registry

    def answer(self, command: dict[str, Any]) -> dict[str, Any]:
        """Does what a command says; errors are answers, too."""
        do = command.pop("do", None)
        handler = getattr(self, f"do_{do}", None)
        if handler is None:
            return {"error": f"no such command: {do}"}
        try:
            answered: dict[str, Any] = handler(**command)
        except (RegistryError, ValueError, TypeError) as error:
            return {"error": f"{type(error).__name__}: {error}"}
        return answered

    def do_start(
        self,
        urls: list[str],
        snapshot_folder: str | None = None,
        services: tuple[str, ...] = (),
        configs: tuple[str, ...] = (),
        register: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        self.registry = Registry.connect(
            urls, snapshot_folder=snapshot_folder, on_event=lambda name, _: self.events.append(name)
        )
        for service in services:
            self.registry.service(service)
        for config in configs:
            self.registry.config(config)
        if register is not None:
            self.registry.register(**register)
        return {"ok": True}

    def do_instances(self, service: str, wait_ms: float | None = None) -> dict[str, Any]:
        found = self.client.service(service)
        instances = found.instances(None if wait_ms is None else wait_ms / 1000)
        return {"ids": [each.id for each in instances], "age_ms": round(found.age() * 1000)}

    def do_pick(self, service: str, count: int) -> dict[str, Any]:
        picked: Counter[str] = Counter()
        for _ in range(count):
            with self.client.service(service).choose() as pick:
                picked[pick.instance.id] += 1
        return {"picked": dict(picked)}

    def do_call(self, service: str, path: str, count: int) -> dict[str, Any]:
        good = 0
        for _ in range(count):
            try:
                good += self.client.http.get(f"http://{service}{path}").status < 400
            except RegistryError as error:
                logging.info("a call failed: %s", error)
        return {"ok": good, "failed": count - good}

    def do_config(self, name: str, wait_ms: float | None = None) -> dict[str, Any]:
        value = self.client.config(name).value(None if wait_ms is None else wait_ms / 1000)
        return {"content": None} if value is None else {"content": value.content, "release": value.release}

    def do_registered(self) -> dict[str, Any]:
        return {"registered": self.client.registered}

    def do_block(self, ms: float) -> dict[str, Any]:
        async def blocked() -> None:
            time.sleep(ms / 1000)  # noqa: ASYNC251 - blocking the event loop is what is asked for

        self.loop.run_until_complete(blocked())
        return {"ok": True}

    def do_events(self) -> dict[str, Any]:
        return {"events": list(self.events)}

    def do_close(self) -> dict[str, Any]:
        began = time.monotonic()
        if self.registry is not None:
            self.registry.close()
        self.loop.close()
        while (left := self.left()) and time.monotonic() - began < _CLOSE_LIMIT:
            time.sleep(0.01)
        return {"left": left}

    def left(self) -> list[str]:
        """The names of threads that weren't there at the beginning."""
        return [thread.name for thread in threading.enumerate() if thread not in self.before]


def main() -> None:
    logging.basicConfig(stream=sys.stderr, level=logging.INFO)
    agent = Agent()
    for line in sys.stdin:
        if not line.strip():
            continue
        command = json.loads(line)
        answer = agent.answer(dict(command))
        print(json.dumps(answer), flush=True)
        if command.get("do") == "close":
            return


if __name__ == "__main__":
    main()
