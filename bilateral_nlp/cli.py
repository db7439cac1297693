"""The command line: ``bilateral-nlp classify``, ``check`` and ``evaluate``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from bilateral_nlp import __version__
from bilateral_nlp.corpus import SPLITS, CorpusError, LabelledArticle
from bilateral_nlp.corpus import read as read_labelled
from bilateral_nlp.results import Article, Entity, Sentence
from bilateral_nlp.settings import ModelFolderError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status: 0, or 2 for what the user can put right, said in one line on stderr."""
    parser = argparse.ArgumentParser(
        prog="bilateral-nlp", description="Cooperation sectors and entities in Arabic news."
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    classify = commands.add_parser("classify", help="sentences, sectors and entities of text files")
    classify.add_argument(
        "files", nargs="+", metavar="FILE", help="UTF-8 text files, one article each; - reads standard input"
    )
    classify.add_argument(
        "--format",
        choices=("table", "json", "jsonl"),
        default="table",
        help="a readable table (default), one JSON array, or one JSON object a line",
    )
    classify.add_argument("--model", help="a model folder or Hub id (default: the shipped model)")
    classify.add_argument("--backend", choices=("onnx", "torch"), default="onnx")
    classify.add_argument("--device", default="cpu", help="for --backend torch: cpu, cuda, cuda:1 …")
    classify.add_argument("--all-scores", action="store_true", help="every sector's probability, in json and jsonl")
    check = commands.add_parser("check", help="faults and doubtful labels in labelled files")
    check.add_argument(
        "paths", nargs="+", metavar="PATH", help="labelled files (.txt inline, .jsonl) or folders of them"
    )
    evaluate = commands.add_parser("evaluate", help="a report on how well a model reads labelled articles")
    evaluate.add_argument("model", metavar="MODEL", help="a model folder or Hub id, or 'shipped'")
    evaluate.add_argument("data", nargs="+", metavar="DATA", help="labelled files or folders of them")
    evaluate.add_argument("--out", required=True, type=Path, metavar="DIR", help="for report.json, .md and .html")
    evaluate.add_argument("--split", choices=SPLITS, help="only the articles of one split of the data")
    evaluate.add_argument("--against", metavar="MODEL", help="another model, for a paired comparison")
    evaluate.add_argument("--seen", nargs="+", metavar="DATA", help="training articles, to tell unseen countries by")
    evaluate.add_argument("--backend", choices=("onnx", "torch"), default="onnx")
    evaluate.add_argument("--device", default="cpu", help="for --backend torch: cpu, cuda, cuda:1 …")
    options = parser.parse_args(arguments)
    try:
        if options.command == "evaluate":
            return _evaluate(options)
        if options.command == "check":
            from bilateral_nlp import consistency

            return consistency.main(options.paths)
        return _classify(options)
    except (ModelFolderError, FileNotFoundError, ImportError, CorpusError, _InputError) as error:
        print(f"bilateral-nlp: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        sys.stderr.close()
        return 0


class _InputError(ValueError):
    """A file that cannot be read as text."""


def _classify(options: argparse.Namespace) -> int:
    from bilateral_nlp.classifier import Classifier

    names, texts = list(options.files), [_read(name) for name in options.files]
    classifier = Classifier.from_pretrained(options.model, backend=options.backend, device=options.device)
    articles = (classifier.classify(text, all_scores=options.all_scores) for text in texts)
    if options.format == "table":
        for name, article in zip(names, articles, strict=True):
            print("\n".join(table(name, article)))
        return 0
    rows = ({"file": name, **article.to_dict()} for name, article in zip(names, articles, strict=True))
    if options.format == "json":
        print(json.dumps(list(rows), ensure_ascii=False, indent=1))
    else:
        for row in rows:
            print(json.dumps(row, ensure_ascii=False))
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    from bilateral_nlp.classifier import Classifier

    try:
        from bilateral_nlp.evaluation import compare, judge, pages
        from bilateral_nlp.evaluation.report import report_on
        from bilateral_nlp.evaluation.slices import country_names
    except ImportError as error:
        raise ImportError(f'evaluate needs {error.name}: pip install "bilateral_nlp[train]"') from None

    def load(name: str) -> Classifier:
        return Classifier.from_pretrained(
            None if name == "shipped" else name, backend=options.backend, device=options.device
        )

    articles = [a for a in _labelled(options.data) if options.split in (None, a.split)]
    if not articles:
        raise _InputError(
            f"{' '.join(options.data)}: no labelled articles" + (f" in split {options.split}" if options.split else "")
        )
    seen = country_names(_labelled(options.seen)) if options.seen else None
    classifier = load(options.model)
    try:
        judged = judge(classifier, articles)
        against = judge(load(options.against), articles) if options.against else None
    except ValueError as error:
        raise _InputError(str(error)) from None
    comparison = pages.Comparison(options.against, compare(against, judged)) if against else None
    data = " ".join(options.data) + (f", split {options.split}" if options.split else "")
    for path in pages.write(report_on(judged, classifier, seen), options.out, options.model, data, comparison):
        print(path)
    return 0


def _labelled(paths: Sequence[str]) -> list[LabelledArticle]:
    return [article for path in paths for article in read_labelled(path)]


def _read(name: str) -> str:
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise _InputError(
            f"{name}: cannot be read ({error.strerror}); name text files, or - for standard input"
        ) from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _InputError(
            f"{name}: not UTF-8 at byte {error.start}; convert it first: iconv -f cp1256 -t utf-8 {name}"
        ) from None


def table(name: str, article: Article) -> Iterator[str]:
    """Readable lines for a terminal: each sentence with its sectors, their evidence, and its entities."""
    tagged = sum(bool(s.sectors) for s in article.sentences)
    yield f"{name}: {len(article.sentences)} sentences, {tagged} with sectors, {len(article.entities)} entities"
    for number, sentence in enumerate(article.sentences, 1):
        yield ""
        yield f"{number:>3}  {sentence.text}"
        for sector in sentence.sectors:
            words = " … ".join(article.text[a:b] for a, b in sector.evidence)
            yield f"     ▪ {sector.label} {sector.score:.2f}" + (f"   ({words})" if words else "")
        if not sentence.sectors:
            yield "     ▫ no sector"
        yield from _entity_lines(sentence, article.entities)


def _entity_lines(sentence: Sentence, entities: Iterable[Entity]) -> Iterator[str]:
    grouped: dict[str, list[str]] = {}
    for entity in entities:
        if sentence.start <= entity.start < sentence.end:
            grouped.setdefault(entity.label, []).append(" ".join(entity.text.split()))
    for label, texts in grouped.items():
        yield f"       {label:<9} {' | '.join(dict.fromkeys(texts))}"


if __name__ == "__main__":
    sys.exit(main())
