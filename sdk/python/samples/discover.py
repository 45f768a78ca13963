"""Discover: who is there, whom the policy chooses and why, and a call by name.

python samples/discover.py hello
"""

import sys

from paste_registry import Registry


def main(name: str) -> None:
    with Registry.connect() as registry:
        service = registry.service(name)
        for instance in service.instances():
            print(f"{instance.id} {instance.authority} {instance.version} {instance.status} {instance.health}")
        with service.choose(version="^1", trace=True) as pick:
            print(pick.trace)
        print(registry.http.get(f"http://{name}/").text, end="")


if __name__ == "__main__":
    main(sys.argv[1])
