"""Failover: calls a service twice a second, and prints who answers. Kill instances, or the registry, meanwhile.

python samples/failover.py hello 20
"""

import sys
import tempfile
import time
from pathlib import Path

from paste_registry import Registry, RegistryError


def main(name: str, count: int) -> None:
    # The copy on disk lets this start while the registry is away.
    folder = Path(tempfile.gettempdir()) / "failover-sample"
    with Registry.connect(snapshot_folder=folder) as registry:
        service = registry.service(name)
        for _ in range(count):
            try:
                answer = registry.http.get(f"http://{name}/")
                print(f"{answer.instance.id}: {answer.status}, the list is {service.age():.1f} s old", flush=True)
            except RegistryError as error:
                print(f"nobody answers: {error}", flush=True)
            time.sleep(0.5)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
