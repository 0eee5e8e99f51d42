"""Text rules 2 as FORMAT.md says them, written again as slowly and plainly as can be."""

from __future__ import annotations

from kd_edge_runtime.text import _fold, _rules2_tables

OPERATORS = set("+*/=<>^√≠≈±")
SUPERSCRIPTS = dict(zip("⁰ⁱ¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ", "0i123456789+−=()n", strict=True))
KEPT = set(".,()-–!~")  # separators that stand for themselves among the symbols
DIGITS = set("0123456789")
SMALL = set("abcdefghijklmnopqrstuvwxyz")


def _read_tables():
    starts = [(int(entry[:-1], 16), entry[-1]) for entry in _rules2_tables.CLASSES.split()]
    classes = {}
    for (first, name), (end, _) in zip(starts, [*starts[1:], (0x110000, "")], strict=True):
        classes.update(dict.fromkeys(range(first, end), name))
    typed = {}
    for entry in _rules2_tables.RUNS.split():
        ends, off = entry.split(".")
        ends, step = ends.split("/")
        first, last = ends.split("-")
        for code in range(int(first, 16), int(last, 16) + 1, int(step)):
            typed[code] = [(code + int(off, 16)) % 0x110000]
    for entry in _rules2_tables.SINGLE.split():
        code, off = entry.split(".")
        typed[int(code, 16)] = [(int(code, 16) + int(off, 16)) % 0x110000]
    for entry in _rules2_tables.SPELT.split(" "):
        if entry:
            code, spelt = entry.split(":")
            typed[int(code, 16)] = [int(one, 16) for one in spelt.split(",") if one]
    for char, plain in zip(_fold.LETTERS, _fold.PLAIN, strict=True):
        typed[ord(char)] = [ord(plain)]
    for char, plain in _fold.SPELT_OUT.items():
        typed[ord(char)] = [*map(ord, plain)]
    return classes, typed


CLASSES, TYPED = _read_tables()


def symbols(text):  # noqa: C901 - as FORMAT.md lists the cases
    """The symbols of a text, and the class of each."""
    found = []
    before = ""
    overlaid = False  # whether the last symbol comes from an overlay
    for char in text:
        if char in SUPERSCRIPTS:
            read = SUPERSCRIPTS[char] if before in SUPERSCRIPTS else "^" + SUPERSCRIPTS[char]
        else:
            read = "".join(map(chr, TYPED.get(ord(char), [ord(char)])))
        before = char or before
        for one in read:
            name = CLASSES[ord(one)]
            if name == "d":
                continue
            if name != "o":
                overlaid = False
            if name == "h":
                at = ord(one) - 0xAC00
                found += [(chr(0x1100 + at // 588), "l"), (chr(0x1161 + at // 28 % 21), "l")]
                if at % 28:
                    found.append((chr(0x11A7 + at % 28), "l"))
            elif name == "o":
                if found and found[-1] == ("=", "w"):
                    found[-1] = ("≠", "w")
                elif found and found[-1][1] == "w" and not overlaid:
                    found.append(("¬", "w"))
                overlaid = True
                continue
            elif one in DIGITS:
                found.append((one, "0"))
            elif one in KEPT:
                found.append((one, one))
            else:
                found.append((one, name))
    return found


def words(text):  # noqa: C901 - as FORMAT.md lists the cases
    """The words of a text, by rules 2."""
    given = [(" ", "s"), *_bangs(symbols(text)), *[(" ", "s")] * 4]
    found = [""]  # the last is open for what joins it

    def begin(word=""):
        if found[-1]:
            found.append("")
        found[-1] = word

    at = 1
    in_word = False  # whether the open word is one of letters and digits
    while at < len(given) - 3:
        (one, name), (_, last) = given[at], given[at - 1]
        if (name == "0" and not in_word) or (one == "." and _begins_number(given, at)):
            number, at = _number(given, at)
            for part in number:
                begin(part)
            begin()
            continue
        joined = in_word if name in "0l" else _joins(given, at, in_word)
        if name == "l" and last not in ("l", "0"):
            joined = False
        if name in ("0", "l", "b", "p", "m", "k"):
            if joined:
                found[-1] += one
            else:
                begin(one)
            in_word = name == "l" or name == "0"
        else:
            in_word = False
            begin()
            if name == "w":
                begin({"−": "-"}.get(one, one))
            elif one in "(-–)~" and _is_word(given, at):
                begin({"–": "-", "~": "≈"}.get(one, one))
            begin()
        at += 1
    return [word for word in found if word]


def _bangs(given):
    """Symbols with ``!=`` as one sign."""
    found = []
    for one in given:
        if one[0] == "=" and found and found[-1][0] == "!":
            found[-1] = ("≠", "w")
        else:
            found.append(one)
    return found


def _joins(given, at, in_word):
    """Whether a symbol of a cluster joins the word before it."""
    name, last = given[at][1], given[at - 1][1]
    if name in "mk":
        return last in ("b", "p", "m", "k", "l") or (last == "0" and in_word)
    if name == "b":
        after = [one for one, _ in given[at + 1 : at + 3]]
        closed = after[0] == "\u103a" or after == ["\u1037", "\u103a"]
        return last in ("p", "k") or (last in ("b", "m") and closed)
    return False


def _begins_number(given, at):
    before = given[at - 1]
    starts = before[1] in "sn(-–~" or before[0] in OPERATORS or before[0] == "−"
    return starts and given[at + 1][1] == "0"


def _number(given, at):
    """The words of the number that begins here, and what comes after it."""
    groups, marks = [""], []
    if given[at][0] == ".":
        groups, marks = ["0", ""], ["."]
        at += 1
    digits = 0
    while digits < 40:
        if given[at][1] == "0":
            groups[-1] += given[at][0]
            digits += 1
            at += 1
        elif given[at][1] in ".,n" and given[at + 1][1] == "0" and groups[-1]:
            marks.append(given[at][0] if given[at][1] != "n" else " ")
            groups.append("")
            at += 1
        else:
            break

    def thousands(some):
        return (
            1 <= len(some[0]) <= 3
            and some[0][0] != "0"
            and all(len(group) == 3 for group in some[1:])
        )

    if len(marks) == 1 and marks[0] != "." and thousands(groups):
        return ["".join(groups)], at
    if len(marks) == 1 and marks[0] != " ":
        return [groups[0] + "." + groups[1]], at
    if len(marks) > 1 and len(set(marks)) == 1 and thousands(groups):
        return ["".join(groups)], at
    if (
        len(marks) > 1
        and len(set(marks[:-1])) == 1
        and marks[-1] != marks[0]
        and marks[-1] != " "
        and thousands(groups[:-1])
    ):
        return ["".join(groups[:-1]) + "." + groups[-1]], at
    return groups, at


def _is_word(given, at):  # noqa: C901 - as FORMAT.md lists the cases
    """Whether a bracket, a hyphen, a dash or a tilde is a word."""
    (before, last), (after, following) = given[at - 1], given[at + 1]
    spaced = last in "sn" and following in "sn"
    number_next = following == "0" or (after == "." and given[at + 2][1] == "0")
    name = given[at][0]
    if name == "~":
        return number_next
    if name == "–":
        starts = last in "sn(" or before in OPERATORS
        return spaced or (starts and number_next)
    if name == "(":
        if last in ("0", ")") or before == "%" or before == "−" or before in OPERATORS:
            return True
        if following == "0" or after in ("%", "−") or after in OPERATORS or spaced or number_next:
            return True
        if before == "-" and given[at - 2][1] not in ("x", ".", ",", "!", "~", "–", "-"):
            return True
        return after == "-" and _opens(given, at + 2)
    if name == ")":
        if last == "0" or before == "%" or before in OPERATORS or spaced:
            return True
        if following in ("0", "(") or after in ("%", "−") or after in OPERATORS:
            return True
        return after == "-" and _opens(given, at + 2)
    if number_next or after == "√" or spaced:
        return True
    if following == "(":
        return last not in ("x", ".", ",", "!", "~", "–", "-")
    if before in OPERATORS:
        return after != ">"
    if _alone(given, at + 1):
        if last in "sn0()":
            return True
        return before in SMALL and given[at - 2][1] != "l"
    return False


def _opens(given, at):
    """Whether what stands behind a hyphen is a number, a bracket, a root or a single letter."""
    return given[at][1] in ("0", "(", ".") or given[at][0] == "√" or _alone(given, at)


def _alone(given, at):
    return given[at][0] in SMALL and given[at + 1][1] not in ("l", "m", "k")
