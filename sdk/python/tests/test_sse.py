"""Reading server-sent events, however they are cut."""

import pytest

from paste_registry.sse import Event, LineTooLongError, Parser

STREAM = (
    b"retry: 2010\n\nevent: config\ndata: {}\n\nid: aa-0\n\n"
    b": a comment\nevent: snapshot\r\ndata: one\r\ndata: two\r\nid: aa-2\r\n\r\nid:aa-3\n\ndata:x\n\n"
)
EVENTS = [
    Event("config", b"{}", None),
    Event("", b"", "aa-0"),
    Event("snapshot", b"one\ntwo", "aa-2"),
    Event("", b"", "aa-3"),
    Event("", b"x", None),
]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_events_in_pieces_of_any_size(size: int) -> None:
    parser = Parser()
    pieces = [STREAM[start : start + size] for start in range(0, len(STREAM), size)]
    assert [event for piece in pieces for event in parser.feed(piece)] == EVENTS


def test_a_line_without_end() -> None:
    parser = Parser(line_max=100)
    assert list(parser.feed(b"data: " + b"x" * 90)) == []
    with pytest.raises(LineTooLongError):
        list(parser.feed(b"x" * 90))
