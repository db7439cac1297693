from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from bilateral_nlp.cli import main

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "data" / "examples" / "communique.txt"


def test_the_table_is_readable(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["classify", str(EXAMPLE)]) == 0
    out = capsys.readouterr().out
    assert "sentences" in out.splitlines()[0]
    assert "▪ " in out
    assert "ROLE" in out


def test_json_and_jsonl_say_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["classify", str(EXAMPLE), str(EXAMPLE), "--format", "json", "--all-scores"]) == 0
    array = json.loads(capsys.readouterr().out)
    assert main(["classify", str(EXAMPLE), str(EXAMPLE), "--format", "jsonl", "--all-scores"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert array == lines
    assert array[0]["text"] == EXAMPLE.read_text(encoding="utf-8")
    assert len(array[0]["sentences"][0]["scores"]) == 25


def test_standard_input(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("\ufeffزار الوزير تونس.".encode())))
    assert main(["classify", "-", "--format", "jsonl"]) == 0
    assert json.loads(capsys.readouterr().out)["text"] == "زار الوزير تونس."


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["classify", "nowhere.txt"], "nowhere.txt: cannot be read"),
        (["classify", "{latin}"], "not UTF-8 at byte 0; convert it first: iconv"),
        (["classify", "{folder}"], "cannot be read"),
        (["classify", str(EXAMPLE), "--model", "{folder}"], "config.json: missing"),
        (["check", "nowhere"], "no such file or folder"),
    ],
)
def test_faults_are_one_line_and_status_2(
    arguments: list[str], fault: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    latin = tmp_path / "latin.txt"
    latin.write_bytes("زار".encode("cp1256"))
    filled = [a.format(latin=latin, folder=tmp_path) if "{" in a else a for a in arguments]
    assert main(filled) == 2
    error = capsys.readouterr().err
    assert fault in error
    assert error.startswith("bilateral-nlp: ")
    assert error.count("\n") == 1
