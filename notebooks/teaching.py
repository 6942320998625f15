"""What the notebooks share: questions before answers, sliders that redraw, and exercises that check themselves."""

from __future__ import annotations

import functools
import gc
import html
import io
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from IPython.display import Image, display
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.ticker import AutoLocator, MaxNLocator

import msim

ARMS = {"vehicle": "#777777", "ketamine": "#0072b2", "ketamine_S421A": "#d55e00", "ketamine_no_eEF2K": "#009e73"}
POPULATIONS = {"pyramidal": "#d55e00", "pv": "#56b4e9", "sst": "#cc79a7"}  # as msim plot and msim report have them

plt.rcParams["axes.titley"] = 1.0  # said, not sought: looking for the place of titles is half of the time of drawing


def predict(question: str, choices: Sequence[str], comments: Sequence[str]) -> None:
    """Ask for a prediction; what is chosen is answered at once with its comment. Nothing has to be chosen."""
    buttons = ipywidgets.RadioButtons(options=list(choices), value=None, layout={"width": "max-content"})
    said = ipywidgets.HTML()
    buttons.observe(lambda change: setattr(said, "value", comments[buttons.index]), names="index")
    options = "".join(
        f"<details><summary>{html.escape(choice)}</summary>{comment}</details>"
        for choice, comment in zip(choices, comments, strict=True)
    )
    _show([ipywidgets.HTML(f"<b>{question}</b>"), buttons, said], f"<p><b>{question}</b></p>{options}")


def slide(draw: Callable[..., None], **sliders: ipywidgets.Widget) -> None:
    """Show sliders above the figure that `draw` makes of their values, and draw it anew whenever one is let go.

    The figure is an output of the cell, and no widget, so that it is there where nothing runs.
    """
    for name, one in sliders.items():
        one.description = one.description or name.replace("_", " ")
        one.continuous_update = False
        one.style = {"description_width": "initial"}
        one.layout = {"width": "34em"}
    said = ipywidgets.HTML()
    names = html.escape(", ".join(one.description for one in sliders.values()))
    _show([*sliders.values(), said], f"<p><i>Sliders, where the notebook runs: {names}.</i></p>")
    picture = Picture(draw)
    shown = display(Image(picture.of(**_values(sliders))), display_id=True)

    def redraw(_change: Any) -> None:
        try:
            shown.update(Image(picture.of(**_values(sliders))))
            said.value = ""
        except msim.MsimError as problem:
            said.value = f"<i>{html.escape(str(problem))}</i>"

    for one in sliders.values():
        one.observe(redraw, names="value")


def _show(widgets: Sequence[ipywidgets.Widget], elsewhere: str) -> None:
    """Show widgets, and HTML in their place where nothing runs: on the site of the documentation, say."""
    shown = ipywidgets.VBox(list(widgets))._repr_mimebundle_()
    display({**shown, "text/html": elsewhere}, raw=True)


def _values(sliders: dict[str, ipywidgets.Widget]) -> dict[str, Any]:
    return {name: one.value for name, one in sliders.items()}


class Picture:
    """The figure that `draw` makes, as PNG; where its axes lie is worked out once, which takes as long as drawing."""

    def __init__(self, draw: Callable[..., None]) -> None:
        self.draw, self.places, self.size = draw, [], (0.0, 0.0)

    def of(self, **values: Any) -> bytes:
        """The figure of these values."""
        plt.close("all")
        self.draw(**values)
        figure = plt.gcf()
        size = tuple(figure.get_size_inches())
        if len(self.places) == len(figure.axes) and size == self.size:
            figure.set_layout_engine("none")
            for one, place in zip(figure.axes, self.places, strict=True):
                one.set_position(place)
        figure.set_dpi(80)
        for one in (axis for place in figure.axes for axis in (place.xaxis, place.yaxis)):
            if isinstance(one.get_major_locator(), AutoLocator):
                one.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
        buffer = io.BytesIO()
        FigureCanvasAgg(figure).print_png(buffer)  # savefig draws everything twice
        if not self.places:
            gc.freeze()  # what is there stays: Python would look through all of it again and again
        self.places, self.size = [one.get_position() for one in figure.axes], size
        plt.close("all")
        return buffer.getvalue()


def redraw_time(draw: Callable[..., None], first: dict[str, Any], **values: Any) -> float:
    """Milliseconds from a slider's new values to the new picture, as `slide` draws it after the first ones."""
    picture = Picture(draw)
    picture.of(**first)
    began = time.perf_counter()
    picture.of(**values)
    return 1e3 * (time.perf_counter() - began)


@dataclass(frozen=True)
class Checked:
    """Whether an answer is right, and what is said of it; a cell that ends with it shows the words alone."""

    is_right: bool
    words: str

    def __bool__(self) -> bool:
        return self.is_right

    def _ipython_display_(self) -> None:
        print(self.words)


def check(answer: float | str | None, wanted: float | str, within: float = 0.05, hint: str = "") -> Checked:
    """Judge an answer: a text as it stands, a number within a share of what is wanted."""
    said = _judged(answer, wanted, within)
    return Checked(said == RIGHT, said if said == RIGHT or answer is None else f"{said} {hint}")


RIGHT = "Right."


def _judged(answer: float | str | None, wanted: float | str, within: float) -> str:
    if answer is None:
        return "Put your answer in the place of None, and run the cell again."
    if isinstance(wanted, str):
        return RIGHT if str(answer).strip().lower() == wanted.lower() else "Not yet."
    try:
        number = float(answer)
    except ValueError:
        return f"Not yet: wants a number, got '{answer}'."
    if abs(number - wanted) <= within * abs(wanted):
        return RIGHT
    return f"Not yet: {number:g} is too {'low' if number < wanted else 'high'}."


MODEL = msim.read_model("circuits/cortical_column")
RAPID = ("ketamine.C_e", "block_resting.b", "eef2k.p_eEF2", "bdnf_trkb.BDNF", "ampar_scaling.AMPAR_scale")


def trial(
    doses: Sequence[dict[str, Any]] = (), until: str = "4 hour", every: str = "4 minute",
    record: Sequence[str] = RAPID, weight: str = "70 kg", begin: str = "-10 minute", **arm: Any,
) -> xr.Dataset:  # fmt: skip
    """One condition on the mean-field emulator of the column, in a fraction of a second; the same one again in none.

    doses: as in an experiment's file; arm: what else its table of an arm may hold, such as knockout=["BDNF"]
    returns: the recorded quantities over `time`, s, in SI units
    """
    return _course(json.dumps({
        "title": "a trial", "hypothesis": "none", "source": "assumed", "notes": "a notebook", "seeds": [1],
        "model": "circuits/cortical_column", "begin": begin, "duration": until, "body_weight": weight,
        "arms": [{"name": "trial", "doses": list(doses), **arm}],
        "record": [{"quantity": name, "every": every} for name in record],
    }))  # fmt: skip


@functools.lru_cache(maxsize=200)
def _course(tables: str) -> xr.Dataset:
    return msim.course(json.loads(tables), model=MODEL)


def infusion(mg_per_kg: float, minutes: float = 40, drug: str = "ketamine", at: str = "0 hour") -> dict[str, Any]:
    """A dose into a vein; over 0 minutes it is a bolus."""
    dose = {"drug": drug, "mg_per_kg": mg_per_kg, "route": "intravenous", "at": at}
    return {**dose, "duration": f"{minutes:g} minute"} if minutes else dose


def hours(found: xr.Dataset) -> np.ndarray:
    """Time since the first dose, h."""
    return np.asarray(found.time) / 3600
