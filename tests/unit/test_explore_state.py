"""A setting of the page is an experiment, and its file says the same; bad ones are told, and nothing is replaced."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest
from bokeh.document import Document

from msim.base.errors import InputError
from msim.definitions.experiments.experiment import experiment_from_tables, read_experiment
from msim.definitions.files.write import write_new
from msim.definitions.models.model import ModelDefinition
from msim.definitions.models.read_model import read_model
from msim.explore.figures import FADED, MOST_DOSES
from msim.explore.page import Page
from msim.explore.server import address_of, make_server
from msim.explore.state import ROUTES, SPANS, Explorer, State, choices_of, explorer_of, tables_of

COLUMN = "circuits/cortical_column"


@pytest.fixture(scope="module")
def column() -> ModelDefinition:
    return read_model(COLUMN)


@pytest.fixture(scope="module")
def explorer(column: ModelDefinition) -> Explorer:
    return Explorer(column, COLUMN)


@pytest.mark.parametrize("state", [
    State("ketamine"),
    State("ketamine", mg_per_kg=0.0, span="4 hour"),
    State("S_ketamine", route="intranasal", doses=3, days=2, span="7 day"),
    State("ketamine", genotype="eEF2K", hypothesis="H1", span="28 day"),
    State("memantine", minutes=0, genotype="MeCP2_S421A", span="14 day"),
])  # fmt: skip
def test_a_state_is_an_experiment_and_its_file_says_the_same(
    state: State, column: ModelDefinition, tmp_path: Path
) -> None:
    tables = tables_of(state, column, COLUMN, vehicle=True)
    write_new(tables, tmp_path / "mine.toml")
    assert tomllib.loads((tmp_path / "mine.toml").read_text(encoding="utf-8")) == tables
    read, meant = read_experiment(tmp_path / "mine.toml"), experiment_from_tables(tables, model=column)
    assert (read.begin, read.end, read.seeds, read.recording) == (meant.begin, meant.end, meant.seeds, meant.recording)
    for one, other in zip(read.arms, meant.arms, strict=True):
        assert (one.name, one.doses, one.hypothesis) == (other.name, other.doses, other.hypothesis)
        assert [(intervention.kind, intervention.name) for intervention in one.interventions] == [
            (intervention.kind, intervention.name) for intervention in other.interventions
        ]
    vehicle, explored = read.arms
    assert vehicle.doses == () and len(explored.doses) == len(state.dose_times())
    assert [dose.start_s for dose in explored.doses] == state.dose_times()


def test_all_that_is_offered_can_be_asked(column: ModelDefinition) -> None:
    offered = choices_of(column)
    assert "ketamine" in offered.drugs and len(offered.pools) >= 4 and len(offered.cascade) == 5 and offered.bold
    assert "eEF2K" in offered.genotypes and "TTX" not in offered.genotypes
    states = [State(drug, route=route) for drug in offered.drugs for route in ROUTES]
    states += [State("ketamine", genotype=one) for one in offered.genotypes]
    states += [State("ketamine", hypothesis=one) for one in offered.hypotheses]
    states += [State("ketamine", span=one) for one in SPANS]
    states += [State("ketamine", doses=MOST_DOSES, days=1, minutes=120, span="28 day")]
    for state in states:
        made = experiment_from_tables(tables_of(state, column, COLUMN), model=column)
        assert len(made.recording.samples) <= 350
        moments = np.array(state.moments())
        assert moments[0] == made.begin and moments[-1] == made.end and 20 < moments.size < 200
        assert np.all(np.diff(moments) > 0)
        for start in state.dose_times():
            assert {start, start + state.infused} <= set(moments)


def test_the_page_sees_the_peak_of_an_infusion_however_long_it_looks(explorer: Explorer) -> None:
    peaks = [float(explorer.ask(State("ketamine", span=one)).samples["ketamine.C_e"].max()) for one in SPANS]
    assert peaks == pytest.approx([peaks[0]] * len(peaks), rel=0.01)


def test_a_model_without_cells_or_drug_is_refused() -> None:
    with pytest.raises(InputError, match="explore: wants a model with cells and a drug, got 'drugs/ketamine'"):
        explorer_of("drugs/ketamine")


def test_no_file_is_replaced(column: ModelDefinition, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("kept")
    with pytest.raises(InputError, match="is there already; choose another name"):
        write_new(tables_of(State("ketamine"), column, COLUMN), path)
    assert path.read_text() == "kept"
    with pytest.raises(InputError, match="cannot be written: No such file"):
        write_new({}, tmp_path / "nowhere" / "mine.toml")


def test_the_emulator_answers_what_was_asked(explorer: Explorer) -> None:
    drug = explorer.ask(State("ketamine", span="4 hour"))
    none = explorer.ask(State("ketamine", mg_per_kg=0.0, span="4 hour"))
    without = explorer.ask(State("ketamine", genotype="eEF2K", span="4 hour"))
    gain = "ampar_scaling.AMPAR_scale"
    assert float(none.samples["ketamine.C_e"].max()) == 0 < float(drug.samples["ketamine.C_e"].max())
    assert float(drug.samples[gain][-1]) > 1.1 > float(without.samples[gain][-1])
    assert drug.probes["pyramidal.firing_rate"].values.min() > 0


def test_a_page_says_what_it_cannot_answer_and_pales(explorer: Explorer, tmp_path: Path) -> None:
    page = Page(explorer, tmp_path)
    before = dict(page.figures.sources["eef2k.p_eEF2"].data)
    page.controls["doses"].value = 3
    page.controls["span"].value = "4 hour"
    assert "Not answered" in page.said.text
    lines = [one for made in page.figures.drawn.values() for one in made.renderers]
    assert {one.glyph.line_alpha for one in lines} == {FADED}
    page.controls["span"].value = "7 day"
    assert "Not answered" not in page.said.text and {one.glyph.line_alpha for one in lines} == {1.0}
    assert list(before["x"]) != list(page.figures.sources["eef2k.p_eEF2"].data["x"])


@pytest.mark.parametrize("name", ["../mine", "", "a/b", "<b>x</b>", "/tmp/x"])
def test_a_file_name_leads_nowhere_else_and_is_text(name: str, explorer: Explorer, tmp_path: Path) -> None:
    page = Page(explorer, tmp_path)
    page.file.value = name
    page.keep()
    assert "file name: wants letters" in page.wrote.text and "<b>" not in page.wrote.text
    assert list(tmp_path.iterdir()) == []


def test_the_server_listens_on_this_machine_alone(explorer: Explorer, tmp_path: Path) -> None:
    server = make_server(explorer, tmp_path)
    try:
        sockets = server._http._sockets.values()
        assert [one.getsockname() for one in sockets] == [("127.0.0.1", server.port)]
        assert server._tornado.websocket_origins == {f"127.0.0.1:{server.port}"}
        assert address_of(server) == f"http://127.0.0.1:{server.port}/"
        with pytest.raises(InputError, match="cannot be listened on"):
            make_server(explorer, tmp_path, server.port)
    finally:
        server.stop()


def test_a_document_holds_every_control(explorer: Explorer, tmp_path: Path) -> None:
    document = Document()
    Page(explorer, tmp_path).add_to(document)
    names = {one.name for one in document.roots}
    assert names >= {"drug", "mg_per_kg", "genotype", "write", "figure_bold", "figure_cascade"}
