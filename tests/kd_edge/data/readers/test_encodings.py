from __future__ import annotations

import pytest

from kd_edge.data.readers import read_responses
from kd_edge.data.readers.encodings import likely_encoding
from kd_edge_runtime.errors import InputError

TEXTS = {
    "cp1251": "Лёд без шарфа тает быстрее, потому что тепло идёт из воздуха",
    "koi8_r": "Лёд без шарфа тает быстрее, потому что тепло идёт из воздуха",
    "mac_cyrillic": "Лёд без шарфа тает быстрее, потому что тепло идёт из воздуха",
    "cp1250": "Ciepło się przenosi, żeby lód był zimniejszy; są środki",
    "iso8859_2": "Led taje rychleji, protože vzduch přináší teplo a škola čaj",
    "cp1254": "Buz ısı alınca erir, şal ısı üretmez, ağaç büyür",
    "iso8859_9": "Buz ısı alınca erir, şal ısı üretmez, ağaç büyür",
    "cp1253": "Ο πάγος λιώνει πιο γρήγορα γιατί ο αέρας είναι ζεστός",
    "mac_roman": "La glace fond à côté du café où l'été est brûlant",
    "gbk": "没有围巾的冰块先融化，因为空气的温度比冰高",
    "gb18030": "没有围巾的冰块先融化，因为空气的温度比冰高",
    "big5": "沒有圍巾的冰塊先融化，因為空氣的溫度比冰高",
    "shift_jis": "空気の温度が氷より高いので、熱が氷に移って溶けました",
    "euc_jp": "空気の温度が氷より高いので、熱が氷に移って溶けました",
}


@pytest.fixture
def file(tmp_path):
    def write(text, encoding):
        path = tmp_path / "t.csv"
        rows = "".join(f'{row},"{text} {row}",{row % 2}\n' for row in range(40))
        path.write_bytes(f"id,text,score\n{rows}".encode(encoding))
        return path

    return write


@pytest.mark.parametrize("encoding", TEXTS)
def test_is_found_by_its_letters(file, encoding):
    path = file(TEXTS[encoding], encoding)
    found = likely_encoding(path)
    content = path.read_bytes()
    assert content.decode(found) == content.decode(encoding)


def test_is_said(file):
    responses = read_responses(file(TEXTS["cp1251"], "cp1251"))
    note = "encoding cp1251, judged by its letters (--encoding names another)"
    assert (responses.encoding, responses.notes[-1] and note in responses.notes) == ("cp1251", True)
    assert responses.items[0].rows[0].text.startswith("Лёд без шарфа")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("הצמר שומר על החום", "cp1255"),  # like Cyrillic
        ("الجليد يذوب أسرع", "cp1256"),
        ("น้ำแข็งละลายเร็ว", "cp874"),
        ("x þ ð x", "latin-1"),
        ("¶ § ¶", "latin-1"),
    ],
)
def test_a_doubt_is_refused_with_what_to_type(file, text, encoding):
    with pytest.raises(InputError, match=r"doubtful.*--encoding \w+"):
        likely_encoding(file(text, encoding))


def test_what_comes_after_the_sample_has_to_be_in_it_too(file):
    path = file(TEXTS["cp1254"] * 200, "cp1254")
    assert path.stat().st_size > 256 << 10
    with path.open("ab") as more:
        more.write(b"\x8d\x8d\n")
    with pytest.raises(InputError, match="doubtful"):
        likely_encoding(path)
