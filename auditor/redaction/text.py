"""Addresses and names wherever they stand in a text: a request's URL, a reason, a sentence."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from auditor.redaction.pseudonyms import Pseudonyms, canonical

_AT = re.compile(r"@|%40")
_DOMAIN = re.compile(r"[^\W_](?:[\w-]*[^\W_])?(?:\.[^\W_](?:[\w-]*[^\W_])?)*\.[^\W\d_](?:[\w-]*[^\W_])?")
_ENDS_LOCAL = frozenset(' \t\r\n\f\v\u00a0"<>()[]\\,;:@')
"""What no local part holds unless it is quoted (RFC 5321)."""

_USUAL = re.compile(r"(?:[\w.+\-#~]|(?<=\w)'{1,2}(?=\w)|%2[bB3])+$")
"""What local parts are made of where nothing else is known: not `/`, `=`, `&` of a URL, nor its quotes."""

_LONGEST_LOCAL = 320
_WORD = re.compile(r"\w+")

SHORTEST_NAME = 5
"""Characters of a name that is looked for in texts; and it has two words: `saml` may be a name, too."""


def addresses(text: str, known: Collection[str] = ()) -> Iterator[tuple[int, int]]:
    """Where addresses stand in a text. `known` are canonical ones: seen whatever they are made of."""
    after = 0
    for at in _AT.finditer(text):
        domain = _DOMAIN.match(text, at.end())
        start = at.start()
        while start > after and at.start() - start < _LONGEST_LOCAL and text[start - 1] not in _ENDS_LOCAL:
            start -= 1
        if domain is None or start == at.start():
            continue
        run = text[start : at.start()]
        written = [f"{run[i:]}{at[0]}{domain[0]}" for i in range(len(run))] if known else ()
        begin = next((i for i, one in enumerate(written) if canonical(_plain(one, known)) in known), None)
        if begin is None:
            usual = _USUAL.search(run)
            begin = usual.start() if usual else 0
        after = domain.end()
        yield start + begin, after


def addresses_in(texts: Iterable[str]) -> frozenset[str]:
    """The addresses in texts, canonical."""
    return frozenset(
        canonical(_plain(text[start:end]))
        for text in texts
        if _AT.search(text)
        for start, end in addresses(text)
    )


class Texts:
    """Texts without the names and addresses in them.

    `known` are canonical addresses, `names` those of the people who are known, `kept` addresses that are no
    person's but what a profile expects.
    """

    def __init__(
        self,
        pseudonyms: Pseudonyms,
        *,
        known: Collection[str],
        names: Iterable[str],
        kept: Collection[str] = (),
    ) -> None:
        self._pseudonyms = pseudonyms
        self._known = known
        self._kept = kept
        self._names: dict[str, list[tuple[int, str]]] = {}
        for name in sorted(names, key=lambda name: (-len(name), name)):
            word = _WORD.search(name)
            if word is not None and len(name) >= SHORTEST_NAME and len(name.split()) > 1:
                self._names.setdefault(word[0].casefold(), []).append((word.start(), name))
        self._done: dict[str, str] = {}

    def without(self, text: str) -> str:
        """The text with pseudonyms in it."""
        if " " not in text and _AT.search(text) is None and not self._may_be_name(text):
            return text
        found = self._done.get(text)
        if found is None:
            found = self._done[text] = self._without(text)
        return found

    def _may_be_name(self, text: str) -> bool:
        return any(character.isspace() for character in text) if len(text) < _LONGEST_LOCAL else False

    def _without(self, text: str) -> str:
        if canonical(text) in self._known:
            return self._address(text)
        pieces: list[str] = []
        end = 0
        for start, stop, name in self._people_in(text):
            pieces += (self._without_addresses(text[end:start]), self._pseudonyms.name(name))
            end = stop
        return "".join((*pieces, self._without_addresses(text[end:])))

    def _without_addresses(self, text: str) -> str:
        pieces: list[str] = []
        end = 0
        for start, stop in addresses(text, self._known):
            pieces += (text[end:start], self._address(text[start:stop]))
            end = stop
        return "".join((*pieces, text[end:]))

    def _address(self, found: str) -> str:
        address = _plain(found, self._known)
        return found if canonical(address) in self._kept else self._pseudonyms.address(address)

    def _people_in(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Where names stand that are known, and which."""
        end = 0
        for word in _WORD.finditer(text) if self._names else ():
            for offset, name in self._names.get(word[0].casefold(), ()):
                start = word.start() - offset
                stop = start + len(name)
                if start >= end and _is(text, start, stop, name):
                    yield start, stop, name
                    end = stop
                    break


def _is(text: str, start: int, stop: int, name: str) -> bool:
    """Whether the name stands there, as whole words."""
    goes_on = name[-1].isalnum() and text[stop : stop + 1].isalnum()
    return text[start:stop].casefold() == name.casefold() and not goes_on


def _plain(found: str, known: Collection[str] = ()) -> str:
    """An address as it is written outside of URLs and filters of Graph."""
    if canonical(found) in known:
        return found
    plain = found.replace("''", "'")
    for escaped, character in (("%40", "@"), ("%23", "#"), ("%2B", "+"), ("%2b", "+")):
        plain = plain.replace(escaped, character)
    return plain
