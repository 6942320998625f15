"""msim explore MODEL: a page of this machine to play with a model."""

from __future__ import annotations

import typer


def explore(
    model: str = typer.Argument(help="A model file or the name of a shipped model."),
    port: int = typer.Option(0, "--port", min=0, max=65535, help="Port to listen on; 0 for a free one."),
    no_browser: bool = typer.Option(False, "--no-browser", help="Print the address and open no browser."),
) -> None:
    """Open a page with doses, genotype and hypothesis on one side and the model's answer on the other.

    The model's mean-field emulator answers every change. Only this machine can open the page; a button writes the
    setting as an experiment file into this folder. Ctrl-C ends it (docs/EXPLORE.md).

    Example: msim explore circuits/cortical_column
    """
    from msim.report.optional_imports import require_pages

    require_pages("explore")
    import logging
    import webbrowser
    from pathlib import Path

    from msim.explore.server import address_of, make_server
    from msim.explore.state import explorer_of

    logging.getLogger("bokeh").setLevel(logging.ERROR)
    logging.getLogger("tornado.access").setLevel(logging.ERROR)
    server = make_server(explorer_of(model), Path.cwd(), port)
    typer.echo(f"{address_of(server)}  (Ctrl-C ends it)")
    if not no_browser:
        server.io_loop.add_callback(webbrowser.open, address_of(server))
    try:
        server.io_loop.start()
    except KeyboardInterrupt:
        typer.echo("")
    finally:
        server.stop()
