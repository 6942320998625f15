"""msim cache: compiled libraries."""

from __future__ import annotations

import typer


def cache(
    clear: bool = typer.Option(False, "--clear", help="Remove all libraries."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """List the compiled libraries with their sizes, or remove them.

    They lie in the folder that MSIM_CACHE names, or in msim in your cache folder. A library that is missing is
    compiled again, so that nothing is lost by --clear but seconds. What msim did not make stays, whatever its name.

    Example: msim cache --clear
    """
    from msim.backends.cpp import cache as store
    from msim.cli.tables import as_records, print_json, print_table

    if clear:
        count, size = store.clear()
        if as_json:
            print_json({"removed": count, "bytes": size})
        else:
            typer.echo(f"{count} libraries removed, {size / 1e6:.1f} MB")
        return
    columns = ("library", "populations", "built", "took", "size")
    entries = store.entries()
    rows = [
        (one.folder.name[:12], one.network, one.made, f"{one.seconds:.1f} s", f"{one.size / 1e6:.1f} MB")
        for one in entries
    ]
    if as_json:
        print_json({"folder": str(store.cache_folder()), "libraries": as_records(columns, rows)})
        return
    total = sum(one.size for one in entries) / 1e6
    print_table(f"{len(rows)} libraries, {total:.1f} MB, in {store.cache_folder()}", columns, rows)
