"""msim meg and msim brain: what cannot be is one line and status 2, and nothing is written."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from msim.cli import main
from msim.definitions.files.read import shipped

MEG = ("meg", "ketamine_rapid_and_sustained", "--out", "out")
SCAN = ("brain", "scan", "brains/brain19", "--out", "out")
TASK = ("brain", "task", "brains/brain19", "tasks/go_nogo", "--out", "out")


@pytest.mark.parametrize(("arguments", "message"), [
    ((*MEG, "--arm", "ketamin"), "unknown arm 'ketamin'; nearest known: 'ketamine'"),
    ((*MEG, "--arm", "ketamine", "--after", "5 mV"), "--after"),
    ((*MEG, "--arm", "ketamine", "--after", "-6 minute"), "wants increasing ones"),
    ((*MEG, "--arm", "ketamine", "--figure", "nowhere/x.png"), "--figure: wants a file that ends in .png"),
    ((*SCAN, "--fidelity", "spikes"), "unknown fidelity 'spikes'; nearest known: 'spiking'"),
    ((*SCAN, "--cells", "250"), "--cells: wants --fidelity spiking"),
    ((*SCAN, "--ranks", "2"), "--ranks: wants --fidelity spiking"),
    *(((*SCAN, *kind, *given), message) for kind in ((), ("--fidelity", "spiking")) for given, message in (
        (("--minutes", "1"), "0.009 Hz wants at least 222.2 s"),
        (("--out", "full"), "--out: wants a folder"), (("--tr", "0.715"), "TR of whole steps of 0.01 s"),
        (("--tr", "10"), "half of the sampling rate"),
    )),
    (("brain", "coupling", "brains/brain19", "--figure", "x.jpg"), "--figure: wants a file that ends in .png"),
    (("brain", "coupling", "brains/brain19", "--values", "0,nan"), "wants numbers from 0 to 1"),
    ((*TASK, "--tr", "0.715"), "TR of whole steps of 0.01 s"),
    ((*TASK, "--figure", "x.jpg"), "--figure: wants a file that ends in .png"),
    (("brain", "task", "brains/brain19", "tasks/go_nogoo", "--out", "out"), "nearest known: 'tasks/go_nogo'"),
    (("brain", "task", "brains/brain19", "own.toml", "--out", "out"),
     "task.stimulus_region: the brain has no region 'VISS'"),
    (("brain", "task", "brains/brain19", "tasks/go_nogo", "--out", "full"), "--out: wants a folder"),
])  # fmt: skip
def test_what_cannot_be_is_one_line_and_status_2(
    arguments: tuple[str, ...], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    text = (shipped("models") / "tasks" / "go_nogo.toml").read_text(encoding="utf-8")
    (tmp_path / "own.toml").write_text(text.replace('= "VIS"', '= "VISS"', 1), encoding="utf-8")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    before = sorted(tmp_path.rglob("*"))
    monkeypatch.setattr(sys, "argv", ["msim", *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    shown = capsys.readouterr()
    assert end.value.code == 2
    assert message in shown.err and shown.err.count("\n") == 1 and not shown.out
    assert sorted(tmp_path.rglob("*")) == before
