"""Figure of the analysis: everybody at every visit."""

from __future__ import annotations

from matplotlib.figure import Figure

from msim.plots.style import dress
from msim.studies.outcome import Outcome


def draw(found: Outcome, figure: Figure) -> None:
    """Draw a dot for everybody, a column for each visit."""
    ax = figure.add_axes((0.1, 0.1, 0.8, 0.78))
    dress(ax, "Potentiation", "", "change of AMPA conductance")
    visits = list(found.cohort.study.options.after)
    for place, visit in enumerate(visits):
        values = [one.potentiation for one in found.cohort.at(visit)]
        ax.plot([place] * len(values), values, "o")
    ax.set_xticks(range(len(visits)), visits)
