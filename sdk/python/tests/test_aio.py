"""The client for asyncio: it never blocks the loop, and a blocked loop doesn't stop it."""

import asyncio
import time

import pytest
from backends import backend
from fake_node import fake_node
from processes import RegistryProcess, free_port

from paste_registry import NotKnownYetError
from paste_registry.aio import AsyncRegistry


def test_all_of_it(shared: RegistryProcess) -> None:
    async def run(port: int) -> None:
        async with AsyncRegistry.connect(shared.url, drain_delay=0.0) as registry:
            registration = registry.register("aio", port, "127.0.0.1", id="one", version="1.0.0")
            assert await registration.wait(30)
            service = registry.service("aio")
            assert [each.id for each in await service.instances()] == ["one"]
            with await service.choose(version="^1") as pick:
                assert pick.instance.id == "one"
            assert (await registry.http.get("http://aio/")).text == "served"
            assert await registry.config("aio/none").value() is None
            assert service.age() == 0
            changes = service.changes()
            assert [each.id for each in await asyncio.wait_for(anext(changes), 30)] == ["one"]
            await asyncio.to_thread(shared.put, "aio", "two")
            assert {each.id for each in await asyncio.wait_for(anext(changes), 30)} == {"one", "two"}
            await changes.aclose()
        assert shared.ids("aio") == ["two"]

    with backend("served") as served:
        asyncio.run(run(served.port))


def test_waiting_does_not_block_the_loop() -> None:
    async def run() -> int:
        turns = 0
        async with AsyncRegistry.connect(f"http://127.0.0.1:{free_port()}", request_timeout=0.5) as registry:
            wait = asyncio.create_task(registry.service("a").choose())
            while not wait.done():
                turns += 1
                await asyncio.sleep(0.01)
            with pytest.raises(NotKnownYetError):
                await wait
        return turns

    assert asyncio.run(run()) > 3


def test_heartbeats_go_on_while_the_loop_is_blocked() -> None:
    with fake_node() as node:

        async def run() -> tuple[int, int]:
            def beats() -> int:
                return sum(each.path.endswith("/heartbeat") for each in list(node.requests))

            async with AsyncRegistry.connect(node.url, drain_delay=0.0, heartbeat=0.05) as registry:
                await registry.register("a", 1, "10.0.0.1").wait(30)
                before = beats()
                limit = time.monotonic() + 30
                while beats() < before + 3 and time.monotonic() < limit:
                    time.sleep(0.01)  # noqa: ASYNC251 - this is what blocks the loop
                return before, beats()

        before, after = asyncio.run(run())
        assert after >= before + 3
