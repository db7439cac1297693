"""Put the shipped model's measured figures into the README's table.

python scripts/write_figures.py
"""

import json
from pathlib import Path

from bilateral_nlp.card import summary_table
from bilateral_nlp.classifier import embedded_folder

ROOT = Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"


def with_figures(readme: str) -> str:
    """The README's text with the table between its two comments made anew."""
    figures = json.loads((embedded_folder() / "figures.json").read_text(encoding="utf-8"))
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{summary_table(figures['reports'])}\n{END}{after}"


if __name__ == "__main__":
    path = ROOT / "README.md"
    path.write_text(with_figures(path.read_text(encoding="utf-8")), encoding="utf-8")
