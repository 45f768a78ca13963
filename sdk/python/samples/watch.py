"""Watch: prints every change of a service, and every release of a configuration item. Stop it with Ctrl-C.

python samples/watch.py hello shop/app.yaml
"""

import sys
import threading

from paste_registry import ConfigValue, Instance, Registry


def show(instances: tuple[Instance, ...]) -> None:
    print(
        "instances:", ", ".join(f"{each.id} ({each.status}, {each.health})" for each in instances) or "none", flush=True
    )


def apply(value: ConfigValue | None) -> None:
    print("configuration:", "none" if value is None else f"release {value.release}: {value.content}", flush=True)


def main(service: str, config: str) -> None:
    with Registry.connect() as registry:
        registry.service(service).on_change(show)
        registry.config(config).on_change(apply)
        threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
