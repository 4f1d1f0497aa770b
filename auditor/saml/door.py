"""The door: every SAML document comes in here, and nothing that could harm the parser gets past it.

Bytes are counted before anything reads them. A document type declaration is refused before libxml2 sees it:
`resolve_entities=False` does not keep entities out of attribute values.
"""

from __future__ import annotations

import codecs
import xml.parsers.expat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

MAX_BYTES = 1_000_000
"""Real federation metadata has 11 to 72 kB. Comments are unsigned, so a signature does not bound the size."""


INTERRUPTED_VALUE = "//*[comment() or processing-instruction()][text()[normalize-space()]]"
"""XPath: elements whose text a comment or processing instruction cuts in two, of which readers see one."""

_LIMITS = (etree.ErrorTypes.ERR_RESOURCE_LIMIT, etree.ErrorTypes.ERR_NAME_TOO_LONG)
_expat = xml.parsers.expat.errors
_ENCODING = (
    _expat.codes[_expat.XML_ERROR_UNKNOWN_ENCODING],
    _expat.codes[_expat.XML_ERROR_INCORRECT_ENCODING],
)


MAX_ATTRIBUTES = 25_000
MAX_NAMESPACE_DECLARATIONS = 2_500
"""Of a document. Canonicalisation takes time by their square: at these numbers seconds, at what a megabyte
can hold minutes. Real metadata has a few hundred of each."""


class DocumentRefused(ValueError):
    """The bytes were not read as a document. `code` is one of the codes named in this module."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A parsed document together with the bytes it was parsed from."""

    data: bytes
    root: etree._Element

    @property
    def encoding(self) -> str:
        """The encoding the parser used, in lower case."""
        if self.data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"  # the mark alone says so: lxml knows only what the declaration says
        return (self.root.getroottree().docinfo.encoding or "utf-8").lower()


def open_document(data: bytes, *, limit: int = MAX_BYTES) -> Document:
    """Parses `data`, or raises DocumentRefused: too-large, dtd, html, encoding, limits, not-well-formed."""
    if len(data) > limit:
        raise DocumentRefused("too-large", f"the document has {len(data)} bytes, more than {limit}")
    _scan(data)
    try:
        root = etree.fromstring(data, hardened_parser())
    except etree.XMLSyntaxError as error:
        if error.code in _LIMITS:  # type: ignore[attr-defined]
            raise DocumentRefused(
                "limits", "the document is nested too deeply or a part is too long"
            ) from error
        raise _not_well_formed(error.lineno) from error
    except (etree.LxmlError, ValueError, LookupError) as error:
        raise _not_well_formed(None) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise _dtd()
    return Document(data=data, root=root)


def hardened_parser() -> etree.XMLParser:
    """libxml2 without network, DTD, entities and recovery, and with its own limits on."""
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        recover=False,
    )


def elements(root: etree._Element) -> Iterator[etree._Element]:
    """`root` and its descendants, without comments and processing instructions."""
    return root.iter("*")


def text_of(element: etree._Element) -> str:
    """The character data of an element: `.text` alone would stop at the first comment."""
    return "".join(str(part) for part in element.itertext())


class _DtdFound(Exception):
    """Stops expat at a document type declaration; the argument is the type's name."""


class _TooManyAttributes(Exception):
    """Stops expat at a document that libxml2 would take minutes over."""


def _scan(data: bytes) -> None:
    """Reads the document once with expat, which is told to stop where libxml2 must not go on."""
    parser = xml.parsers.expat.ParserCreate()
    parser.ordered_attributes = True

    def declaration(name: str, *_: object) -> None:
        raise _DtdFound(name)

    count = Counter[bool]()

    def element(_: str, attributes: list[str]) -> None:
        count.update(name.startswith("xmlns") for name in attributes[::2])
        if count[True] > MAX_NAMESPACE_DECLARATIONS or count[False] > MAX_ATTRIBUTES:
            raise _TooManyAttributes

    parser.StartDoctypeDeclHandler = declaration
    parser.StartElementHandler = element
    try:
        parser.Parse(data, True)
    except _DtdFound as stopped:
        if str(stopped).lower() == "html":
            raise DocumentRefused("html", "the document is an HTML page") from None
        raise _dtd() from None
    except _TooManyAttributes:
        message = "the document has too many attributes or namespace declarations"
        raise DocumentRefused("limits", message) from None
    except xml.parsers.expat.ExpatError as error:
        if error.code in _ENCODING:
            raise _encoding() from error
        raise _not_well_formed(error.lineno) from error
    except (ValueError, LookupError) as error:  # an encoding that expat cannot read, and no IdP writes
        raise _encoding() from error


def _encoding() -> DocumentRefused:
    return DocumentRefused("encoding", "the document is in an encoding that is not supported")


def _dtd() -> DocumentRefused:
    return DocumentRefused("dtd", "the document has a document type declaration, which SAML forbids")


def _not_well_formed(line: int | None) -> DocumentRefused:
    where = f" (line {line})" if line else ""
    return DocumentRefused("not-well-formed", f"the document is not well-formed XML{where}")
