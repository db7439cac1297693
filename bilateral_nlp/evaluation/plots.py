"""The report's two plots as SVG text, without any request to the network when shown."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bilateral_nlp.evaluation.curves import ReliabilityBin

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INK, _LINE = "#7a8290", "#2f6fb3"


def reliability_plot(bins: Sequence[ReliabilityBin]) -> str:
    """Observed share against mean probability; the area of a point grows with its decisions."""
    figure, axes = _frame("predicted probability", "share that holds")
    axes.plot([0, 1], [0, 1], color=_INK, linewidth=0.8, linestyle="--")
    most = max((b.count for b in bins), default=1)
    axes.plot([b.predicted for b in bins], [b.observed for b in bins], color=_LINE, linewidth=1.2)
    sizes = [12 + 120 * (b.count / most) ** 0.5 for b in bins]
    axes.scatter([b.predicted for b in bins], [b.observed for b in bins], s=sizes, color=_LINE, alpha=0.6)
    return _svg(figure)


def precision_recall_plot(points: Sequence[tuple[float, float]], chosen: tuple[float, float]) -> str:
    """The curve over all thresholds, and where the model's own thresholds put it (``chosen``: recall, precision)."""
    figure, axes = _frame("recall", "precision")
    axes.plot([r for r, _ in points], [p for _, p in points], color=_LINE, linewidth=1.4)
    axes.scatter([chosen[0]], [chosen[1]], color="#c2571a", zorder=3)
    return _svg(figure)


def _frame(across: str, up: str) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.2, 3.4), layout="constrained")
    axes = figure.add_subplot(xlim=(0, 1.02), ylim=(0, 1.02), xlabel=across, ylabel=up)
    axes.tick_params(colors=_INK)
    axes.xaxis.label.set_color(_INK)
    axes.yaxis.label.set_color(_INK)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(_INK)
    return figure, axes


def _svg(figure: Figure) -> str:
    import matplotlib

    out = io.StringIO()
    # A fixed salt and no date: the same figures give the same bytes.
    with matplotlib.rc_context({"svg.hashsalt": "bilateral_nlp", "svg.fonttype": "none"}):
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return out.getvalue()[out.getvalue().index("<svg") :]
