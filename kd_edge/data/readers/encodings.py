"""The encoding of a text that is neither UTF-8 nor plainly Western: by its letters.

charset-normalizer says which encodings a text could be in, and how likely; nearly all bytes are
possible in several. So a text also has to be plausible: the letters of one language, where they
stand in words, and the common ones among them often enough. Two encodings that give plausible
texts which differ are a doubt, and doubts are for the user.
"""

from __future__ import annotations

import codecs
from pathlib import Path

from kd_edge_runtime.errors import InputError
from kd_edge_runtime.tables.reading.letters import WESTERN, Language, Letters

# Bytes looked at, up to the end of a line; a text's beginning says as much as all of it.
_SAMPLE = 256 << 10
_MOST_CHAOS = 0.4
# The share of the most letters that another encoding's text has if it is nearly as likely.
_FEWER = 0.98
# One letter, again and again, is one in many encodings.
_FEWEST = 3

_RUSSIAN = "абвгдежзийклмнопрстуфхцчшщъыьэюяё"
_CYRILLIC = (
    Language(_RUSSIAN, "оеаинтсрл", 0.45, scattered=False, apart=True),  # Russian, Bulgarian
    # Ukrainian; Serbian and Macedonian
    Language(_RUSSIAN + "іїєґ", "оаиніте", 0.35, scattered=False, apart=True),
    Language(
        _RUSSIAN + "ђјљњћџѓќѕ", "оаеинтј", 0.4, scattered=False, apart=True
    ),  # Serbian, Macedonian
)
_GREEK = (
    Language("αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώϊϋΐΰ", "αοιετσν", 0.4, scattered=False, apart=True),
)
# Without it, Hebrew passes for Cyrillic.
_HEBREW = (Language("אבגדהוזחטיךכלםמןנסעףפץצקרשת", "יוהלאתמרש", 0.45, scattered=False, apart=True),)
_HAN = "".join(map(chr, range(0x4E00, 0xA000)))
_KANA = "".join(map(chr, range(0x3041, 0x30FF)))
_HANGUL = "".join(map(chr, range(0xAC00, 0xD7A4)))
_CHINESE = Language(
    _HAN,
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年同工也能下过子"
    "说产种面而方后多定行学法所民得经因没会更冷热冰水比快温度所被把很让使从都起好小它变",
    0.12,
    scattered=False,
)
_TRADITIONAL = Language(
    _HAN,
    "的一是在不了有和人這中大為上個國我以要他時來用們生到作地於出就分對成會可主發年同工也能下過子"
    "說產種面而方後多定行學法所民得經因沒更冷熱冰水比快溫度被把很讓使從都起好小它變",
    0.12,
    scattered=False,
)
_JAPANESE = Language(_HAN + _KANA + "々", _KANA, 0.25, scattered=False)
_KOREAN = Language(_HANGUL, "이다는을를에가은의고하지로도기서", 0.15, scattered=False)

_CENTRAL = (
    Language("ąćęłńóśźż", "ąęłóśż", 0.6, scattered=False),  # Polish
    Language("áčďéěíňóřšťúůýž", "áéíěčřšž", 0.6, scattered=False),  # Czech
    Language("áäčďéíĺľňóôŕšťúýž", "áéíčšž", 0.5, scattered=False),  # Slovak
    Language("áéíóöőúüű", "áéöő", 0.4, scattered=False),  # Hungarian
    Language("ăâîșțşţ", "ăâîșşțţ", 1.0, scattered=False),  # Romanian
    Language("čćđšž", "čćšž", 0.6, scattered=False),  # Croatian, Slovenian
)
_TURKISH = (Language("çğıöşüâîû", "ışğ", 0.2, scattered=False),)
_BALTIC = (
    Language("ąčęėįšųūž", "ąčėšųž", 0.6, scattered=False),  # Lithuanian
    Language("āčēģīķļņšūž", "āēīš", 0.5, scattered=False),  # Latvian
)

# What a table may be in, and the languages that are written so.
_LANGUAGES: dict[str, tuple[Language, ...]] = {
    "cp1250": _CENTRAL,
    "iso8859_2": _CENTRAL,
    "cp1251": _CYRILLIC,
    "koi8_r": _CYRILLIC,
    "cp866": _CYRILLIC,
    "iso8859_5": _CYRILLIC,
    "mac_cyrillic": _CYRILLIC,
    "mac_latin2": _CENTRAL,
    "cp852": _CENTRAL,
    "cp1253": _GREEK,
    "cp1254": _TURKISH,
    "cp1255": _HEBREW,
    "mac_turkish": _TURKISH,
    "cp1257": _BALTIC,
    "iso8859_15": WESTERN,
    "mac_roman": WESTERN,
    "cp850": WESTERN,
    "gb18030": (_CHINESE,),
    "big5": (_TRADITIONAL,),
    "cp932": (_JAPANESE,),
    "euc_jp": (_JAPANESE,),
    "cp949": (_KOREAN,),
}


def likely_encoding(path: Path) -> str:
    """Finds the encoding of a text that is neither UTF-8, UTF-16 nor plainly cp1252.

    Args:
        path: the file.

    Returns:
        A name that `open` takes.

    Raises:
        InputError: it is doubtful; with what to type.
    """
    from charset_normalizer import from_bytes  # only where a text needs it: it is slow to import

    with path.open("rb") as file:
        sample = file.read(_SAMPLE)
        sample += file.readline(_SAMPLE)
    found = {name: text for name in _LANGUAGES if (text := _plausible(sample, name)) is not None}
    matches = from_bytes(
        sample, cp_isolation=list(_LANGUAGES), threshold=_MOST_CHAOS, preemptive_behaviour=False
    )
    possible = {name for match in matches for name in match.could_be_from_charset}
    # Of an alphabet's encodings, the wrong one has signs where the right one has capitals.
    most = max((letters for _, letters in found.values()), default=0)
    likely = [name for name, (_, letters) in found.items() if letters >= most * _FEWER]
    texts = {found[name][0] for name in likely}
    for name in likely if len(texts) == 1 else ():
        # Several names for the same text are no doubt.
        if possible.intersection(likely) and _decodes(path, name):
            return name
    raise InputError(f"{path}: {_doubt(likely)}")


def _plausible(sample: bytes, encoding: str) -> tuple[str, int] | None:
    """The text, where it is one in this encoding, and how many letters it has beyond ASCII."""
    try:
        text = sample.decode(encoding)
    except UnicodeDecodeError:
        return None
    letters = Letters()
    for line in text.splitlines():
        letters.add(line)
    if letters.distinct < _FEWEST or not letters.plausible(_LANGUAGES[encoding]):
        return None
    return text, letters.letters


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_SAMPLE):
                decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _doubt(names: list[str]) -> str:
    how = " or ".join(f"--encoding {name}" for name in names[:4])
    return (
        "its encoding is doubtful (it is not UTF-8): "
        + (f"say which it is, such as {how}" if names else "name it, as in --encoding cp1251")
        + ", or save it as UTF-8 CSV (in a spreadsheet: Save As, 'CSV UTF-8')"
    )
