"""XML as annotations need it: elements with their lines, and nothing that reaches out of the file.

Entities are how a small XML fills the memory or reads other files; whoever declares one is refused, and no other file
is ever opened.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.parsers import expat

from pellucid.errors import FileError, shown
from pellucid.storage.limits import LEVELS

MOST_XML = 16 << 20     # bytes of one picture's annotation


@dataclass(slots=True)
class Element:
    """One element: its tag, the text in it, the elements below it, its line and what its tag says besides."""

    tag: str
    line: int
    text: str = ""
    inner: list[Element] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)

    def first(self, tag: str) -> Element | None:
        """The first element of that tag directly below."""
        return next((one for one in self.inner if one.tag == tag), None)


def parse_xml(content: bytes, where: str) -> Element:
    """The outermost element. Raises FileError, which names the line, for what is no XML, and for entities."""
    if len(content) > MOST_XML:
        raise FileError(f"{where}: an annotation may be at most {MOST_XML:,} bytes, but it is {len(content):,}. Is it "
                        "another file?")
    parser = expat.ParserCreate()
    stack = [Element("", 0)]
    most = LEVELS.now

    def begin(tag: str, attributes: dict[str, str]) -> None:
        if len(stack) > most:
            raise FileError(f"{where}: line {parser.CurrentLineNumber}: elements lie in one another more than {most} "
                            "deep. This is no annotation.")
        element = Element(tag, parser.CurrentLineNumber, attributes=attributes)
        stack[-1].inner.append(element)
        stack.append(element)

    def words(text: str) -> None:
        stack[-1].text += text

    def refuse(*_: object) -> None:
        raise FileError(f"{where}: line {parser.CurrentLineNumber}: the XML declares an entity, which is never needed "
                        "in an annotation and can be made to harm. Remove the <!ENTITY ...> lines.")

    parser.StartElementHandler, parser.CharacterDataHandler = begin, words
    parser.EndElementHandler = lambda tag: stack.pop()
    parser.EntityDeclHandler = parser.UnparsedEntityDeclHandler = refuse
    try:
        parser.Parse(content, True)
    except expat.ExpatError as fault:
        raise FileError(f"{where}: line {fault.lineno}: this is no whole XML ({shown(expat.ErrorString(fault.code))}). "
                        "Repair or replace the file.") from fault
    except (ValueError, LookupError) as fault:      # an encoding that Python does not know
        raise FileError(f"{where}: this is no XML that can be read ({shown(fault)}). Save it as UTF-8.") from fault
    return stack[0].inner[0]
