"""A report as files: ``report.json``, ``report.md`` and ``report.html``, one page that needs no network."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bilateral_nlp.evaluation.plots import precision_recall_plot, reliability_plot
from bilateral_nlp.evaluation.report import Report
from bilateral_nlp.evaluation.resampling import ROUNDS, Difference
from bilateral_nlp.evaluation.spans import KINDS

#: Rows of the headline table: title, and the figure's name among the intervals.
_HEADLINE = (
    ("sectors, micro F1", "sectors_f1"),
    ("sectors, macro F1", "sectors_macro_f1"),
    ("sentences with all sectors right", "sentences_right"),
    ("“no sector”, F1", "no_sector_f1"),
    ("entities, exact F1", "entities_f1"),
    ("entities, relaxed F1", "entities_relaxed_f1"),
    ("sentence boundaries, F1", "sentences_f1"),
)


@dataclass(frozen=True)
class Comparison:
    """The report's model (second) against another (first) on the same articles."""

    other: str
    differences: Mapping[str, Difference]


def write(report: Report, folder: Path, model: str, data: str, comparison: Comparison | None = None) -> list[Path]:
    """Write the three files into ``folder``, made where missing; ``model`` and ``data`` say what was measured on what."""
    folder.mkdir(parents=True, exist_ok=True)
    values = {"model": model, "data": data, **report.to_dict()}
    if comparison is not None:
        differences = {name: d.to_dict() for name, d in comparison.differences.items()}
        values["comparison"] = {"other": comparison.other, "differences": differences}
    context = _context(report, model, data, comparison)
    pages = {
        "report.json": json.dumps(values, ensure_ascii=False, indent=1) + "\n",
        "report.md": _render("report.md.jinja", context),
        "report.html": _render("report.html.jinja", context),
    }
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in pages]


def _context(report: Report, model: str, data: str, comparison: Comparison | None) -> dict[str, Any]:
    figures = {
        "sectors_f1": report.sectors.f1,
        "sectors_macro_f1": report.sectors_macro,
        "sentences_right": report.sentences_right,
        "no_sector_f1": report.no_sector.f1,
        "entities_f1": report.entities.f1,
        "entities_relaxed_f1": report.entities_relaxed,
        "sentences_f1": report.sentences.f1,
    }
    titles = {name: title for title, name in _HEADLINE}
    labels = sorted({label for row in report.entity_errors.values() for label in row})
    return {
        "model": model,
        "data": data,
        "report": report,
        "headline": [(title, figures[name], report.intervals[name]) for title, name in _HEADLINE],
        "kinds": KINDS,
        "rounds": ROUNDS,
        "error_labels": labels,
        "slices": _grouped(report),
        "comparison": comparison,
        "differences": [(titles[n], d) for n, d in comparison.differences.items()] if comparison else [],
        "reliability_plot": Markup(reliability_plot(report.reliability)),
        "precision_recall_plot": Markup(
            precision_recall_plot(report.precision_recall, (report.sectors.recall, report.sectors.precision))
        ),
    }


def _grouped(report: Report) -> list[tuple[str, list[Any]]]:
    groups: dict[str, list[Any]] = {}
    for row in report.slices:
        groups.setdefault(row.by, []).append(row)
    return list(groups.items())


def _render(template: str, context: Mapping[str, Any]) -> str:
    environment = Environment(
        loader=PackageLoader("bilateral_nlp.evaluation"),
        autoescape=lambda name: name is not None and ".html" in name,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["figure"] = lambda value: f"{value:.3f}"
    environment.filters["cell"] = _cell
    return environment.get_template(template).render(context)


def _cell(values: Sequence[str] | str) -> str:
    """Text that stays in one cell of a Markdown table."""
    text = values if isinstance(values, str) else ", ".join(values)
    return " ".join(text.replace("|", "\\|").split())
