"""Read the XML of SemEval-2013 Task 7 (SciEntsBank and Beetle): one question a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import parse

from kd_edge.data.readers.raw_table import ItemText, RawRecord, RawTable
from kd_edge_runtime.errors import InputError, Problem, read_error

_HEADER = ("id", "question", "studentAnswer", "accuracy")


@dataclass
class _Found:
    """What the files read so far hold."""

    records: list[RawRecord] = field(default_factory=list)
    items: list[ItemText] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)  # question → the file that has it


def read_semeval(path: Path) -> RawTable:
    """Read one .xml file, or all that lie in a folder (not in folders below it).

    The answers' texts lose the white space around them, which is the XML's layout. How
    often an answer was given (`count`) is not kept: one row each.

    Raises:
        InputError: the file cannot be read, or the folder holds no .xml file.
    """
    found = _Found()
    try:
        if path.is_dir():
            for file in _xml_files(path):
                _read_question(file, file.name, found)
        else:
            _read_question(path, None, found)
    except OSError as error:
        raise read_error(path, error) from None
    return RawTable(
        _HEADER,
        tuple(found.records),
        "xml",
        tuple(found.problems),
        lost=len(found.problems),
        items=tuple(found.items),
        counting="Rows are the answers of a file in their order.",
    )


def _xml_files(folder: Path) -> list[Path]:
    entries = sorted(folder.iterdir())
    files = [entry for entry in entries if entry.suffix.lower() == ".xml" and entry.is_file()]
    if not files:
        below = [entry.name for entry in entries if entry.is_dir() and any(entry.glob("*.xml"))]
        hint = f" (but its folders do: {', '.join(below)})" if below else ""
        raise InputError(f"{folder}: this folder holds no .xml files{hint}")
    return files


def _read_question(path: Path, shown: str | None, found: _Found) -> None:
    def wrong(message: str) -> None:
        found.problems.append(Problem(message, file=shown))

    try:
        question = parse(path, forbid_dtd=True).getroot()
    except ParseError as error:
        line, column = error.position
        return wrong(f"not valid XML (line {line}, character {column + 1})")
    except DefusedXmlException:
        return wrong("it declares a document type or entities, which are not safe to read")
    except (ValueError, LookupError):
        return wrong("not valid XML (an encoding that is not known here)")
    if question is None or question.tag != "question":
        return wrong("not a SemEval-2013 question: the root element must be <question>")
    name = (question.get("id") or "").strip()
    if not name:
        return wrong("the question has no id")
    if name in found.files:
        return wrong(f"question '{name}' is also in {found.files[name]}")
    answers = question.findall("studentAnswers/studentAnswer")
    if not answers:
        return wrong(f"question '{name}' contains no studentAnswer")
    found.files[name] = shown or path.name
    references = tuple(_text(e) for e in question.findall("referenceAnswers/referenceAnswer"))
    prompt = _text(question.find("questionText"))
    found.items.append(ItemText(name, prompt or None, tuple(r for r in references if r)))
    for row, answer in enumerate(answers, start=1):
        cells = (answer.get("id", ""), name, _text(answer), answer.get("accuracy", ""))
        found.records.append(RawRecord(row, cells, shown))
    return None


def _text(element: Any) -> str:
    """All text inside an element ("" for None), without the white space around it."""
    return "" if element is None else "".join(element.itertext()).strip()
