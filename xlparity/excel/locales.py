"""The locales in which a workbook can be computed: what Excel's numbers look like in texts, by the system's region.

Source: the Unicode CLDR, which Windows has as its regions. A file holds formulas and numbers in one form for all countries;
what depends on the locale is a number that is read from a text or made into one.
"""

from typing import NamedTuple


class Locale(NamedTuple):
    """The decimal sign, the sign between thousands, and the words for TRUE and FALSE.

    ``thousands`` is empty where it is not certain: French has a space, of which Windows has changed the kind.
    """

    name: str
    decimal: str
    thousands: str
    truths: tuple[str, str]


ENGLISH = Locale("en-US", ".", ",", ("TRUE", "FALSE"))

LOCALES = {
    locale.name: locale
    for locale in (
        ENGLISH,
        Locale("de-DE", ",", ".", ("WAHR", "FALSCH")),
        Locale("es-ES", ",", ".", ("VERDADERO", "FALSO")),
        Locale("fr-FR", ",", "", ("VRAI", "FAUX")),
        Locale("it-IT", ",", ".", ("VERO", "FALSO")),
        Locale("nl-NL", ",", ".", ("WAAR", "ONWAAR")),
        Locale("pt-BR", ",", ".", ("VERDADEIRO", "FALSO")),
    )
}
"""The known locales, by their names."""

TRUTHS = frozenset(word for locale in LOCALES.values() for word in locale.truths)
"""Truth values as texts: which of them Excel reads depends on its own language, which may be another than the region's."""
