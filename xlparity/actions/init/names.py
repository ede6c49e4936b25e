"""Derives identifiers from headers, and scores how well a header fits a name of the reference."""

import keyword
import re
import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import pairwise

_DIGITS = re.compile(r"([0-9]+)")
_LEAD = re.compile(r"\s*([^=:,;(\[]+?)\s*[=:,;(\[]")
_LONGEST, _MOST_WORDS = 40, 6
_NO_NAME = re.compile(r"[=*^<>@{}\"]|\w\s*[-+]\s*\w.*\w")
# The headings of a list of parameters say what kind of thing stands below, not which.
_GENERIC = {"amount", "constant", "constants", "input", "inputs", "parameter", "parameters", "number", "setting"}
_GENERIC |= {"settings", "value", "values"}

SAME, SAME_WORDS, LEAD, WORD, CLOSE = 5, 4, 3, 2, 1
"""How a header fits a name: it is the name; it has its words in another order; it opens with it; it has it as a word; it is
spelt nearly so, or has half of its words."""
_SHORTEST_WORD = 3  # of those that two names may have in common
_SHORTEST_MISSPELT, _ALIKE = 5, 0.85  # "Life Insurace" is .96 like life_insurance, and dW1 .8 like W1


def words(text: str) -> list[str]:
    """The text's words in plain letters: ``α`` is alpha, ``A0ᵀ`` is A0T, accents are left out."""
    spelled: list[str] = []
    for character in unicodedata.normalize("NFKD", text.replace("ŷ", "y_hat").replace("∂", "d")):
        name = unicodedata.name(character, "")
        if name.startswith("GREEK") and "LETTER" in name:
            letter = name.split()[-1].replace("LAMDA", "LAMBDA")
            spelled.append(letter.title() if "CAPITAL" in name else letter.lower())
        elif not unicodedata.combining(character):
            spelled.append(character)
    return re.findall(r"[A-Za-z0-9]+", "".join(spelled))


def normal(text: str) -> str:
    """What two spellings of one name have in common: ``Sample loss`` and ``sample_loss`` are sampleloss."""
    return "".join(words(text)).casefold()


def identifier(text: str) -> str:
    """The Python identifier that the header makes: ``sample loss`` is sample_loss, ``dL/dW`` is dL_dW; or nothing."""
    lead = _LEAD.match(text)
    found = (words(lead[1]) if lead else []) or words(text)
    # Sample Loss is sample_loss; W1, dW1 and X are spelled as they stand.
    found = [word.lower() if word.istitle() and word.isalpha() and len(word) > 2 else word for word in found]
    name = "_".join(found[:_MOST_WORDS])[:_LONGEST].rstrip("_")
    if not any(map(str.isalpha, name)):
        return ""
    if name[0].isdigit():
        name = f"_{name}"
    return f"{name}_" if keyword.iskeyword(name) else name


def names_something(text: str) -> bool:
    """Whether the text can be a quantity's name, and is no sentence, no formula and no heading such as ``Value``."""
    found = words(text)
    plain = len(text) <= _LONGEST and 0 < len(found) <= _MOST_WORDS and not _NO_NAME.search(text)
    return plain and not text.strip().isdigit() and normal(text) not in _GENERIC


def fit(text: str, name: str) -> int:
    """How well the header fits the name: one of the five above, or 0 for not at all."""
    wanted = normal(name)
    if not wanted:
        return 0
    if normal(text) == wanted:
        return SAME
    found = [word.casefold() for word in words(text)]
    if sorted(found) == sorted(word.casefold() for word in words(name)):
        return SAME_WORDS
    lead = _LEAD.match(text)
    if lead and normal(lead[1]) == wanted:
        return LEAD
    runs = {"".join(found[i:j]) for i in range(len(found)) for j in range(i + 1, min(len(found), i + 4) + 1)}
    if len(found) > 2 * _MOST_WORDS:
        return 0
    return WORD if wanted in runs else CLOSE * _is_close(found, [word.casefold() for word in words(name)])


def _is_close(found: Sequence[str], wanted: Sequence[str]) -> bool:
    one, other = "".join(found), "".join(wanted)
    shorter, longer = sorted((len(one), len(other)))
    may_be = shorter >= _SHORTEST_MISSPELT and 2 * shorter >= _ALIKE * (shorter + longer)  # or no ratio reaches it
    if may_be and SequenceMatcher(None, one, other).ratio() >= _ALIKE:
        return True
    common = {word for word in set(found) & set(wanted) if len(word) >= _SHORTEST_WORD}
    return len(wanted) > 1 and 2 * len(common) >= len(wanted)


def stem(texts: Sequence[str]) -> str | None:
    """What is left of headers that count (``X1``, ``X2``, ``X3``: ``X``), or None where they do not."""
    parts = [_DIGITS.split(text) for text in texts]
    if len(texts) < 2 or any(part[::2] != parts[0][::2] for part in parts):
        return None
    numbers = [[int(number) for number in part[1::2]] for part in parts]
    counting = [all(later[k] - earlier[k] == 1 for earlier, later in pairwise(numbers)) for k in range(len(numbers[0]))]
    if not any(counting):
        return None
    kept = [digits if not counting[k] else "" for k, digits in enumerate(parts[0][1::2])]
    text = "".join(piece for pair in zip(parts[0][::2], [*kept, ""], strict=True) for piece in pair)
    return text.strip(" :_-#.,")
