"""Texts read in their encoding are plausible, and read in another one they are not."""

from __future__ import annotations

import pytest

from kd_edge_runtime.tables.reading.letters import WESTERN, Letters

WESTERN_TEXTS = (
    "La glace fond à côté du café chaud, l’eau chauffée « très » vite, où l’été commence",
    "Das Eis schmilzt schneller, weil die Wärme größer ist: „Kälte“ ist über 25°C – Zähler",
    "¿Por qué el niño añadió más frío? El calor se transfirió rápidamente, así fue el año 1º",
    "Perché il ghiaccio è più freddo, così l’acqua si scioglierà",
    "A água não aquece, então a condução é maior; você põe o coração na energia térmica",
    "De geïsoleerde kubus is één graad warmer",
    "Isen smälter för att värme går från luften till vattnet",
    "Isen smelter hurtigere når luften er varm, og sølv leder bedst på øen",
    "Ísinn bráðnar hraðar því að það er heitt þar úti á sumrin",
    "Jää sulab kiiremini, sest õhk on soe ja külm vesi jõuab",
    "It’s “hot” — the ice isn’t cold… a naïve 5 € answer",
    "The ice is warm and it melts. " * 20 + "José, Müller and Søren say so",
)
OTHERS = (
    ("Лёд без шарфа тает быстрее", "cp1251 koi8_r cp866 mac_cyrillic iso8859_5"),
    ("没有围巾的冰块先融化", "gbk"),
    ("buz ısı alınca erir, şal ısı üretmez", "cp1254 mac_turkish"),
    ("ağaç büyük, ısı alınca", "cp1254"),
    ("la glace fond à côté du café", "mac_roman cp850"),
    ("¿Por qué el niño añadió más frío?", "mac_roman cp850"),
    ("schneller, weil die Wärme größer ist", "mac_roman cp850"),
    ("ciepło się przenosi, żeby lód był zimniejszy", "cp1250 iso8859_2"),
    ("led taje rychleji, protože vzduch přináší teplo", "cp1250 iso8859_2"),
    ("a jég gyorsabban olvad, mert a levegő hűvös", "cp1250"),
    ("gheaţa se topeşte mai repede fiindcă e căldură", "cp1250"),
    ("več reči čaj", "cp1250"),
    ("ο πάγος λιώνει", "cp1253"),
    ("氷は早く溶ける", "cp932 euc_jp"),
    ("얼음이 더 빨리 녹는다", "euc_kr"),
    ("ledas tirpsta greičiau, šiluma žema", "cp1257"),
    ("le cœur de l'œuf", "iso8859_15"),
)


def plausible(text: str) -> bool:
    letters = Letters()
    for line in text.splitlines():
        letters.add(line)
    return letters.plausible(WESTERN)


@pytest.mark.parametrize("text", WESTERN_TEXTS)
def test_a_western_text_is_plausible(text):
    assert text.encode("cp1252").decode("cp1252") == text
    assert plausible(text)


@pytest.mark.parametrize(("text", "encodings"), OTHERS)
def test_a_text_in_another_encoding_is_not(text, encodings):
    for encoding in encodings.split():
        read = text.encode(encoding).decode("cp1252", errors="replace")
        assert not plausible(read), (encoding, read)


def test_a_text_without_any_says_nothing():
    assert not plausible("the ice melts")


def test_a_few_odd_characters_are_no_doubt():
    assert plausible("Wärme über Öl, größer, kälter, wärmer. " * 20 + "¶")
    assert not plausible("Wärme ¶¶¶")
