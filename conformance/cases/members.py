"""Members of a service as on the wire."""


def member(id_, **fields):
    """One that can answer; its address follows from the id's first letter."""
    number = ord(id_[0]) - ord("a") + 1
    return {
        "id": id_,
        "address": f"10.0.0.{number}",
        "port": 80,
        "weight": 100,
        "status": "up",
        "health": "passing",
        "ephemeral": True,
        "revision": number,
        **fields,
    }


def members(ids, **fields):
    return [member(id_, **fields) for id_ in ids]
