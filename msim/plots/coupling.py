"""Figure of a brain's connectivity at several couplings against the measured one, with both matrices side by side."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from msim.brain.connectome import Connectome
from msim.brain.scans import Correspondence


def write_coupling_figure(
    result: Correspondence, connectome: Connectome, simulated: np.ndarray, measured: np.ndarray, path: Path
) -> Path:
    """Draw the scan of couplings, with ceiling and floor, beside the best and the measured matrix.

    simulated, measured: Fisher z, shape (regions, regions)
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, 4.6), layout="constrained")
    FigureCanvasAgg(figure)
    scan, left, right = figure.subplots(1, 3, width_ratios=[1, 1.15, 1.15])
    scan.plot(result.coupling, result.simulated, "o-", color="#0072B2")
    for level, text in ((result.subject, "one subject with the mean of the others"), (result.fibres, "fibres alone")):
        scan.axhline(level, color="#666666", linestyle="--", linewidth=1)
        scan.annotate(text, (result.coupling.min(), level), (0, 4), textcoords="offset points", color="#444444")
    scan.set(xlabel="coupling (share of the background)", ylabel="Pearson r with measured FC",
             ylim=(min(-0.1, result.simulated.min() - 0.05), 1), title="Likeness to measured FC")  # fmt: skip
    scan.spines[["top", "right"]].set_visible(False)
    for axes, matrix, title in ((left, simulated, f"Simulated, coupling {result.best:g}"),
                                (right, measured, "Measured, mean of 7 subjects")):  # fmt: skip
        shown = np.where(np.eye(len(matrix), dtype=bool), np.nan, matrix)
        image = axes.imshow(shown, cmap="RdBu_r", vmin=-1, vmax=1)
        axes.set_facecolor("#dddddd")
        places = np.arange(len(connectome.names))
        axes.set_xticks(places, connectome.names, rotation=90, fontsize=7)
        axes.set_yticks(places, connectome.names, fontsize=7)
        axes.set_title(title)
    figure.colorbar(image, ax=[left, right], label="Fisher z", shrink=0.8)
    figure.savefig(path, dpi=130)
    return path
