"""The page: controls for a setting, figures of its results, and a button that saves the setting."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import numpy as np
from bokeh.document import Document
from bokeh.models import Button, Div, Select, Slider, TextInput
from jinja2 import Template

from msim.base.errors import InputError, MsimError, printable
from msim.definitions.files.write import write_new
from msim.explore.figures import MOST_DOSES, Figures
from msim.explore.state import ROUTES, SPANS, Explorer, State, choices_of, tables_of

HERE = Path(__file__).parent
FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
WORDS = {"font-size": "15px", "overflow-wrap": "anywhere"}
HIGHEST_DOSE = 5.0  # mg/kg
LONGEST_INFUSION = 120  # minutes


class Page:
    """One visitor's controls and figures."""

    def __init__(self, explorer: Explorer, folder: Path) -> None:
        self._explorer, self._folder = explorer, folder
        self._choices = choices_of(explorer.model)
        self.figures = Figures(self._choices)
        self.controls = self._controls()
        self.file = TextInput(title="File name (in the present folder)", value="my_setting",
                              name="file", sizing_mode="stretch_width")  # fmt: skip
        self.write = Button(label="Write experiment file", name="write", sizing_mode="stretch_width")
        self.said = Div(text="", name="said", styles=WORDS, sizing_mode="stretch_width")
        self.wrote = Div(text="", name="wrote", styles=WORDS, sizing_mode="stretch_width")
        self.write.on_click(self.keep)
        for name, one in self.controls.items():
            one.on_change("value_throttled" if isinstance(one, Slider) else "value", self._changed)
        self.ask()

    def _controls(self) -> dict[str, Any]:
        """Build a control for every field of State."""
        known, rest = self._choices, State(self._choices.drugs[0])
        genotypes = [("", "wild type"), *((one, one.replace("_", " ")) for one in known.genotypes)]
        hypotheses = [("", "the model as it stands"), *((name, f"{name} – {said.split(':')[0]}")
                      for name, said in known.hypotheses.items())]  # fmt: skip
        made: dict[str, Any] = {
            "drug": Select(title="Drug", value=rest.drug,
                           options=[(one, one.replace("_", "-")) for one in known.drugs]),
            "mg_per_kg": Slider(title="Dose (mg/kg, body of 70 kg)", value=rest.mg_per_kg, start=0, end=HIGHEST_DOSE,
                                step=0.05),
            "route": Select(title="Route", value=rest.route, options=list(ROUTES)),
            "minutes": Slider(title="Infusion into a vein (minutes; 0: bolus)", value=rest.minutes, start=0,
                              end=LONGEST_INFUSION, step=5),
            "doses": Slider(title="Number of doses", value=rest.doses, start=1, end=MOST_DOSES, step=1),
            "days": Slider(title="Days between doses", value=rest.days, start=1, end=7, step=1),
            "genotype": Select(title="Genotype", value=rest.genotype, options=genotypes),
            "hypothesis": Select(title="Hypothesis", value=rest.hypothesis, options=hypotheses),
            "span": Select(title="Follow for", value=rest.span, options=[(one, _spoken(one)) for one in SPANS]),
        }  # fmt: skip
        for name, one in made.items():
            one.update(name=name, sizing_mode="stretch_width")
        return made

    def state(self) -> State:
        """Return the present setting of the controls."""
        values = {name: one.value for name, one in self.controls.items()}
        whole = {name: int(values[name]) for name in ("minutes", "doses", "days")}
        return State(**{**values, **whole, "mg_per_kg": round(float(values["mg_per_kg"]), 4)})

    def _changed(self, attribute: str, old: Any, new: Any) -> None:
        self.ask()

    def ask(self) -> None:
        """Simulate the present setting; where that is impossible, show the reason and leave the last curves, paler."""
        state = self.state()
        self.controls["minutes"].disabled = state.route != "intravenous"
        self.controls["days"].disabled = state.doses == 1
        try:
            found = self._explorer.ask(state)
        except MsimError as problem:
            self.figures.fade()
            self.said.text = _told("Not answered; the pale curves are the last answer.", str(problem))
            return
        self.figures.show(found, state)
        moments = state.moments()
        self.said.text = (
            "<p>From the mean-field emulator. Curves join values that lie close together after a dose and up to "
            f"{max(np.diff(moments)) / 3600:.2g} h apart later. Rates are known at the dots only.</p>"
        )

    def keep(self) -> None:
        """Write the present setting as an experiment file into the folder."""
        name = self.file.value.strip().removesuffix(".toml")
        try:
            if not FILE_NAME.fullmatch(name):
                raise InputError(f"file name: wants letters, digits, _ and -, got '{name}'")
            path = self._folder / f"{name}.toml"
            tables = tables_of(self.state(), self._explorer.model, self._explorer.name, vehicle=True)
            write_new(tables, path)
        except InputError as problem:
            self.wrote.text = _told("Not written.", str(problem))
            return
        written = html.escape(printable(str(path)))
        self.wrote.text = f"<p>Written: {written}</p><p><code>msim check {html.escape(path.name)}</code></p>"

    def add_to(self, document: Document) -> None:
        """Put the page into a document, with the page's own template."""
        for name, one in self.figures.drawn.items():
            one.name = f"figure_{name}"
            document.add_root(one)
        for one in (*self.controls.values(), self.file, self.write, self.said, self.wrote):
            document.add_root(one)
        document.title = f"Explore {self._explorer.name} – msim"
        document.template = Template((HERE / "page.html").read_text(encoding="utf-8"), autoescape=True)
        document.template_variables.update(
            model=self._explorer.name, style=(HERE / "page.css").read_text(encoding="utf-8"),
            fields=list(self.controls), has_bold=bool(self._choices.bold),
        )  # fmt: skip


def _told(what: str, why: str) -> str:
    return f'<p role="alert"><strong>{html.escape(what)}</strong> {html.escape(printable(why))}</p>'


def _spoken(span: str) -> str:
    return span.replace("hour", "hours").replace("day", "days")
