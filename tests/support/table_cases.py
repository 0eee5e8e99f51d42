"""Tables of every kind as files, and what Python's reader makes of them, for the page's reader."""

from __future__ import annotations

import base64
import codecs
import random
import unicodedata
from pathlib import Path

from kd_edge_runtime.errors import InputError, TableError
from kd_edge_runtime.tables.columns import candidates, find_columns
from kd_edge_runtime.tables.reading.sources import open_source
from kd_edge_runtime.tables.roles import ITEM, RESPONSE_ID, SCORE, TEXT
from kd_edge_runtime.tables.score_cells import class_of
from kd_edge_runtime.tables.writing.safe_cells import safe

NAMES = (
    *("text", "score", "id", "item", "EssayText", "Réponse", "Antwort", "note", "Schüler-Nr."),
    *("Response 1", "Grade/3.00", "Why does the ice melt?", "Why does the ice melt? [Score]"),
    *(
        "Timestamp",
        "E-Mail",
        "102: Why?",
        "1.0",
        "",
        " ",
        'a "b"',
        "item id",
        "回答",
        "Punkte (0-3)",
    ),
    *("Q. 1 /3.00", "name", "Pourquoi la glace fond-elle ?", "Score", "label", "human score"),
)
CELLS = (
    *("", " ", "a", "the ice melts", "1", "2,5", "2.5", "-1", "=1+1", "@x", "it's", "l’eau"),
    *('"', 'say "hi"', '"all"', "a,b", "a;b", "a\tb", "a|b", "x\ny", "x\r\ny", "é", "Größe"),
    *("\u00a0", "字", "😀", "’", "1 1/2", "3/4", "75 %", "\u2028", "\x85", "sep=;"),
    *("été à la plage", "Äpfel über Öl", "señor", "naïve", "œuf", "42", "none", "\u0130"),
)
SOUP = (*',;\t|"\n\r ', "\r\n", '""', *CELLS)
ENCODINGS = ("utf-8",) * 6 + ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "cp1252")
# What Python says, by what the page says: how a message begins, or what is in it.
PROBLEMS = {
    "a quotation mark inside a quoted field": "notDoubled",
    "a field of more than": "fieldTooLong",
    "a quotation mark in this row is never": "neverClosed",
    "holds the column names again": "headerAgain",
    ": put quotation marks around a text": "tooManyFields",
    "but the header has": "otherFields",
    "the table is empty": "empty",
    "this file is UTF-8, but line": "damagedUtf8",
    "this file starts as UTF-8": "startsAsUtf8",
    "its encoding is doubtful": "doubtful",
    "it holds NUL characters": "nul",
    "this is not a text file": "noText",
    "this is a zip or a spreadsheet": "spreadsheet",
    "this is an old .xls": "oldSpreadsheet",
    ": name it, as in --encoding": "notInEncoding",
}


def key_of(message):
    """The page's key of a message."""
    return next(key for begins, key in PROBLEMS.items() if begins in message)


def _quoted(cell, delimiter, chance):
    if any(sign in cell for sign in (delimiter, '"', "\n", "\r")) or chance.random() < 0.1:
        return '"' + cell.replace('"', '""') + '"'
    return cell


def _table(chance):
    delimiter = chance.choice(",,,;\t\t|")
    end = chance.choice(("\n", "\n", "\r\n", "\r"))
    quote = _quoted if chance.random() < 0.85 else lambda cell, *_: cell
    width = chance.choice((1, 2, 2, 3, 4, 6))
    rows = [chance.sample(NAMES, width)]
    if chance.random() < 0.1:
        rows.insert(0, ["Class 7b", *[""] * (width - 1)])
    if chance.random() < 0.05:
        rows += [["Why?"] * width, ['{"ImportId":"QID1"}'] * width]
    for _ in range(chance.randint(0, 12)):
        many = width if chance.random() < 0.93 else chance.randint(0, width + 2)
        blank = chance.random() < 0.08
        rows.append(["" if blank else chance.choice(CELLS) for _ in range(many)])
        if chance.random() < 0.03:
            rows.append(rows[0])
    lines = [delimiter.join(quote(cell, delimiter, chance) for cell in row) for row in rows]
    text = end.join(lines) + (end if chance.random() < 0.8 else "")
    if chance.random() < 0.08:
        text = f"sep={delimiter}{end}{text}"
    if chance.random() < 0.05:
        text = end + text
    for _ in range(chance.choice((0, 0, 0, 1, 2))):
        at = chance.randint(0, len(text))
        text = text[:at] + chance.choice((*SOUP, "")) + text[at + chance.randint(0, 1) :]
    return text


def _bytes(text, chance):
    encoding = chance.choice(ENCODINGS)
    if encoding == "utf-16" and chance.random() < 0.5:
        data = codecs.BOM_UTF16_BE + text.encode("utf-16-be")
    else:
        data = text.encode(encoding, "ignore")
    if chance.random() < 0.05 and data:
        at = chance.randint(0, len(data))
        data = data[:at] + bytes([chance.choice((0, 0x81, 0x9D, 0xE9, 0xFC, 0xFF))]) + data[at:]
    return data


def made(count, seed):
    """Names and bytes of tables."""
    chance = random.Random(seed)
    for number in range(count):
        if chance.random() < 0.85:
            text = _table(chance)
        else:
            text = "".join(chance.choices(SOUP, k=chance.randint(0, 40)))
        suffix = chance.choice((".csv", ".csv", ".csv", ".tsv", ".txt"))
        yield f"t{number}{suffix}", _bytes(text, chance)
    yield from _chosen()


def _chosen():
    words = "l'été à la mer, où les élèves ont déjà été"
    yield "french.csv", "\n".join(["text", *[words] * 30]).encode("cp1252")
    yield "cyrillic.csv", "\n".join(["text", *["лёд тает в воде"] * 30]).encode("cp1251")
    yield "damaged.csv", "\n".join(["text", *[words] * 30]).encode() + b"\nbad \xe9 line\n"
    yield "zip.csv", b"PK\3\4" + bytes(40)
    yield "old.csv", b"\xd0\xcf\x11\xe0" + bytes(40)
    yield "asap.tsv", b'Id\tEssaySet\tEssayText\n1\t1\tsay "hi\n2\t1\t"b"\n'
    yield "research.tsv", b'id\ttext\n1\t"open\n2\tdone"\n3\tplain\n'
    yield "long.csv", b'text,score\n"' + b"a" * (17 << 20) + b'",1\nb,2\n'
    yield "edge.csv", b"text,score\r\n" + b'"%s\r\nb",1\r\n' % (b"a" * 90) * 15_000
    yield "dos.csv", b"text,score\r\na,1\r\n\x1a"
    yield "cut.csv", ("text\n" + "é" * (1 << 20)).encode()


def as_read(path, items):
    """What Python reads in a file: a dictionary for JSON."""
    try:
        with open_source(path) as table:
            read = list(table.batches())
            return {
                "header": list(table.header),
                "encoding": table.encoding,
                "delimiter": table.delimiter,
                "namesDelimiter": table.names_delimiter,
                "lineEnd": table.line_end,
                "quoted": table.quoted,
                "numbers": [number for numbers, _ in read for number in numbers],
                "rows": [fields for _, rows in read for fields in rows],
                "problems": [[one.row, key_of(one.message)] for one in table.problems],
                "cutOff": table.cut_off,
                "guess": [guess(table.header, count) for count in items],
            }
    except TableError as error:
        return {"refused": key_of(error.problems[0].message)}
    except InputError as error:
        return {"refused": key_of(str(error))}


def guess(header, items):
    """The columns that `kd-edge score` finds, as the page names them."""
    roles = [TEXT, SCORE] if items == 1 else [ITEM, TEXT, SCORE]
    found, _ = find_columns(header, {}, roles, [TEXT.name])
    text, item = found.get(TEXT.name), found.get(ITEM.name)
    score = found.get(SCORE.name)
    ids = [at for at in candidates(header, RESPONSE_ID.tiers)[:1] if at not in (text, item)]
    return {
        "id": ids[0] if ids else None,
        "item": item,
        "text": text,
        "score": None if score in (text, item) else score,
    }


def write(folder: Path, count: int, seed: int):
    """Writes tables into a folder; what Python reads in them, for JSON."""
    cases = []
    for name, data in made(count, seed):
        (folder / name).write_bytes(data)
        cases.append({"name": name, "read": as_read(folder / name, (1, 2))})
    return cases


def score_cells(count, seed):
    """Cells of people's scores with the classes' places, and cells as `safe` leaves them."""
    chance = random.Random(seed)
    scales = (("0", "1", "2", "3"), ("0", "0.5", "1"), ("wrong", "partly", "Right"), ("6", "5"))
    digits = [chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) == "Nd"]
    parts = (*"0123456789.,/-+% '½²eE", " out of ", "points", "Pkt.", "−", "\u066b", "RIGHT", "3")
    cells = [f"{one} of 3" if at % 2 else one for at, one in enumerate(digits)]
    cells += ["".join(chance.choices(parts, k=chance.randint(1, 5))) for _ in range(count)]
    scored = []
    for cell in cells:
        classes = chance.choice(scales)
        place = class_of(cell.strip(), classes) if cell.strip() else None
        scored.append([cell, list(classes), -1 if place is None else place])
    soup = (*SOUP, *"=+-@\t\r\n\uff1d", "1", "cmd", " ")
    written = ["".join(chance.choices(soup, k=chance.randint(0, 4))) for _ in range(count)]
    return {"scored": scored, "safe": [[cell, safe(cell)] for cell in written]}


def encoded(data):
    """Bytes for JSON."""
    return base64.b64encode(data).decode("ascii")
