"""Files of Word for the tests: written part by part, and read back as paragraphs."""

import base64
import io
import zipfile
from typing import Final
from xml.etree import ElementTree

PIXEL: Final = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
_MAIN: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_W: Final = f"{{{_MAIN}}}"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPES: Final = """<?xml version="1.0" encoding="UTF-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Default Extension="png" ContentType="image/png"/>
<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>
<Override PartName="/word/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/>
</Types>"""  # noqa: E501
_ROOT: Final = f"""<?xml version="1.0" encoding="UTF-8"?>
<Relationships xmlns="{_PACKAGE}">
<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="word/document.xml"/>
</Relationships>"""
_STYLES: Final = f"""<?xml version="1.0" encoding="UTF-8"?>
<w:styles xmlns:w="{_MAIN}">
<w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/></w:style>
</w:styles>"""


def paragraph(text: str, *, style: str = "", bold: bool = False) -> str:
    """Return a paragraph; `text` is escaped."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    named = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    marked = "<w:rPr><w:b/></w:rPr>" if bold else ""
    run = f'<w:r>{marked}<w:t xml:space="preserve">{escaped}</w:t></w:r>'
    return f"<w:p>{named}{run}</w:p>"


def link(text: str, relation: str) -> str:
    return f'<w:p><w:hyperlink r:id="{relation}"><w:r><w:t>{text}</w:t></w:r></w:hyperlink></w:p>'


def table(rows: list[list[str]]) -> str:
    cells = [
        "<w:tr>" + "".join(f"<w:tc>{paragraph(cell)}</w:tc>" for cell in row) + "</w:tr>"
        for row in rows
    ]
    return f"<w:tbl>{''.join(cells)}</w:tbl>"


def image(relation: str) -> str:
    drawing = "http://schemas.openxmlformats.org/drawingml/2006"
    return f"""<w:p><w:r><w:drawing><wp:inline xmlns:wp="{drawing}/wordprocessingDrawing">
<a:graphic xmlns:a="{drawing}/main"><a:graphicData uri="{drawing}/picture">
<pic:pic xmlns:pic="{drawing}/picture"><pic:blipFill><a:blip r:embed="{relation}"/></pic:blipFill>
</pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>"""


def write_word(
    *blocks: str,
    links: dict[str, str] | None = None,
    with_image: bool = False,
    with_broken_image: bool = False,
    filler: int = 0,
) -> bytes:
    """Return a file of Word with these blocks.

    Args:
        links: the targets of links by their relations.
        with_image: the relation `image` is a picture of one pixel.
        with_broken_image: the relation `broken` is a picture that is none.
        filler: bytes of a further part, which packs well.
    """
    relations = [
        f'<Relationship Id="{name}" Type="{_OFFICE}/hyperlink" Target="{target}" '
        'TargetMode="External"/>'
        for name, target in (links or {}).items()
    ]
    if with_image:
        relations.append(
            f'<Relationship Id="image" Type="{_OFFICE}/image" Target="media/image1.png"/>'
        )
    if with_broken_image:
        relations.append(
            f'<Relationship Id="broken" Type="{_OFFICE}/image" Target="media/image2.png"/>'
        )
    relations.append(f'<Relationship Id="styles" Type="{_OFFICE}/styles" Target="styles.xml"/>')
    body = "".join(blocks)
    document = (
        f'<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="{_MAIN}" xmlns:r="{_OFFICE}">'
        f"<w:body>{body}</w:body></w:document>"
    )
    related = f'<Relationships xmlns="{_PACKAGE}">{"".join(relations)}</Relationships>'
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        archive.writestr("_rels/.rels", _ROOT)
        archive.writestr("word/document.xml", document)
        archive.writestr("word/styles.xml", _STYLES)
        archive.writestr("word/_rels/document.xml.rels", related)
        if with_image:
            archive.writestr("word/media/image1.png", PIXEL)
        if with_broken_image:
            archive.writestr("word/media/image2.png", b"no picture at all")
        if filler:
            archive.writestr("word/media/filler.bin", bytes(filler))
    return file.getvalue()


def read_paragraphs(word: bytes) -> list[tuple[str, str]]:
    """Return the style and the text of each paragraph, those in tables too."""
    found = []
    for each in _part(word, "word/document.xml").iter(f"{_W}p"):
        style = each.find(f"{_W}pPr/{_W}pStyle")
        pieces = [
            piece.text or ("\n" if piece.tag == f"{_W}br" else "")
            for piece in each.iter()
            if piece.tag in (f"{_W}t", f"{_W}br")
        ]
        name = "" if style is None else style.get(f"{_W}val") or ""
        found.append((name, "".join(pieces)))
    return found


def read_part(word: bytes, name: str) -> str:
    with zipfile.ZipFile(io.BytesIO(word)) as archive:
        assert archive.testzip() is None
        return archive.read(name).decode()


def read_names(word: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(word)) as archive:
        return archive.namelist()


def _part(word: bytes, name: str) -> ElementTree.Element:
    return ElementTree.fromstring(read_part(word, name))
