"""msim judge RUN...: verdicts."""

from __future__ import annotations

import typer


def judge(
    runs: list[str] = typer.Argument(help="Folders of finished runs."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Hold recorded arms against the experiment's predictions: yes, no or undecided, with effect and interval.

    Writes verdict.json into each run folder.

    Example: msim judge results/first
    """
    from msim.cli.tables import print_json
    from msim.cli.verdict_table import print_outcome
    from msim.storage.run_store import open_run
    from msim.verdicts import verdict
    from msim.verdicts.hypothesis_discrimination import outcome

    judged = [(run, verdict.judge(run)) for run in (open_run(path) for path in runs)]
    for run, verdicts in judged:
        verdict.write_verdicts(run, verdicts)
        if not as_json:
            print_outcome(run, verdicts)
    if as_json:
        found = [outcome(run, verdicts) for run, verdicts in judged]
        print_json(found[0] if len(found) == 1 else found)
