"""The command line: ``bilateral-nlp classify`` and ``bilateral-nlp check``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from bilateral_nlp import __version__
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
    options = parser.parse_args(arguments)
    try:
        if options.command == "check":
            from bilateral_nlp import consistency

            return consistency.main(options.paths)
        return _classify(options)
    except (ModelFolderError, FileNotFoundError, ImportError, _InputError) as error:
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
