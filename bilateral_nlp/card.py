"""The model card, filled from the run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bilateral_nlp.settings import ModelSettings

_TEMPLATE = """---
language: ar
license: apache-2.0
library_name: bilateral_nlp
pipeline_tag: token-classification
---

# {name}

Reads Arabic news about cooperation between countries: tags each sentence with the sectors it speaks of
({sectors} of them, multi-label) and marks entity spans ({entities} kinds), in one pass of one encoder.

```python
from bilateral_nlp import Classifier

article = Classifier.from_pretrained("{name}").classify(text)
```

## How it was made

{facts}

## Files

{files}

Probabilities are Platt-scaled and thresholds fitted per sector with the int8 model on held-out articles; both are in `config.json`.

## Figures

{tables}

int8 against the weights in float32, same windows: mean absolute difference of sector logits {parity[sector_logit_mean]:.4f}, largest
{parity[sector_logit_max]:.3f}; {decisions:.2%} of sector decisions equal; entities agree at F1 {parity[entities]:.4f}.

Per sector and per entity label (int8), on {last}:

{details}

## Limits

- Arabic news prose. Dialect, poetry, social chatter and other languages were not trained on.
- A sentence with no sector is an answer too: how often it is right is in the table above ("no sector").
- An entity that starts or ends inside a run-together word can only be given with its proclitic letters cut, or whole.
- The training text is mostly invented; people and events in it are not real. The model may still echo what such copy
  takes for granted about who meets whom.
"""


def model_card(folder: Path, settings: ModelSettings, figures: Mapping[str, Any], facts: Mapping[str, str]) -> str:
    """Markdown from the measured figures (`Published.to_dict`) and the facts of the run."""
    reports: Mapping[str, Any] = figures["reports"]
    last = list(reports)[-1]
    return _TEMPLATE.format(
        name=folder.name,
        sectors=len(settings.sectors),
        entities=len(settings.entity_labels),
        facts="\n".join(f"- {name}: {value}" for name, value in facts.items()),
        files="\n".join(
            f"- `{p.name}`: {p.stat().st_size / 1e6:.1f} MB" for p in sorted(folder.iterdir()) if p.name not in _OWN
        ),
        tables=summary_table(reports),
        parity=figures["parity"]["int8"],
        decisions=figures["parity"]["int8"]["sector_decisions"],
        last=last,
        details=_details(reports[last]["int8"]),
    )


_OWN = {"README.md", "figures.json"}
_ROWS = (
    ("sentences F1", "sentences", "f1"),
    ("coverage", "sentences", "coverage"),
    ("sectors micro F1", "sectors", "f1"),
    ("sectors precision", "sectors", "precision"),
    ("sectors recall", "sectors", "recall"),
    ("sectors macro F1", "sectors", "macro_f1"),
    ("sentences with all sectors right", "sectors", "sentences_right"),
    ("average precision of sectors", "sectors", "average_precision"),
    ("calibration error of sectors", "sectors", "calibration_error"),
    ('"no sector" precision', "no_sector", "precision"),
    ('"no sector" recall', "no_sector", "recall"),
    ("entities exact F1", "entities", "f1"),
    ("entities relaxed F1", "entities", "relaxed_f1"),
)


def summary_table(reports: Mapping[str, Any]) -> str:
    """A Markdown table of `Published.to_dict()["reports"]`: a column per set of articles and backend."""
    columns = [(name, kind) for name, kinds in reports.items() for kind in kinds]
    lines = ["| | " + " | ".join(f"{name}, {kind}" for name, kind in columns) + " |", "|---|" + "---:|" * len(columns)]
    lines.append("| articles | " + " | ".join(str(reports[n][k]["articles"]) for n, k in columns) + " |")
    for title, group, key in _ROWS:
        lines.append(f"| {title} | " + " | ".join(f"{reports[n][k][group][key]:.3f}" for n, k in columns) + " |")
    return "\n".join(lines)


def _details(report: Mapping[str, Any]) -> str:
    lines = ["| label | precision | recall | F1 | support |", "|---|---:|---:|---:|---:|"]
    for label, row in {**report["by_sector"], **report["by_entity"]}.items():
        lines.append(f"| {label} | {row['precision']:.3f} | {row['recall']:.3f} | {row['f1']:.3f} | {row['support']} |")
    return "\n".join(lines)
