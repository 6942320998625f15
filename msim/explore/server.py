"""Server of the page on a port of this machine, for this machine alone."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

from bokeh.application import Application
from bokeh.application.handlers.function import FunctionHandler
from bokeh.document import Document
from bokeh.server.server import Server

from msim.base.errors import InputError
from msim.explore.page import Page
from msim.explore.state import Explorer

HOST = "127.0.0.1"


def make_server(explorer: Explorer, folder: Path, port: int = 0) -> Server:
    """Start a server that listens at once, and responds when its loop runs; no page from elsewhere may talk to it.

    folder: where experiment files are written; port: 0 for a free one
    raises: InputError where the port is taken
    """

    def open_page(document: Document) -> None:
        Page(explorer, folder).add_to(document)

    chosen = _free_port(port)
    made = Server(
        {"/": Application(FunctionHandler(open_page))}, port=chosen, address=HOST,
        allow_websocket_origin=[f"{HOST}:{chosen}"],
    )  # fmt: skip
    made.start()
    return made


def address_of(server: Any) -> str:
    """Return the address that a browser is to open."""
    return f"http://{HOST}:{server.port}/"


def _free_port(wanted: int) -> int:
    """Return the wanted port if it is free, or any free one for 0: a server needs its own before it is made.

    raises: InputError where the wanted port is taken
    """
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind((HOST, wanted))
        except OSError as problem:
            raise InputError(f"--port {wanted}: cannot be listened on: {problem.strerror}") from None
        return int(one.getsockname()[1])
