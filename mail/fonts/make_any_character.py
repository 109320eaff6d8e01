"""Makes AnyCharacter.ttf: a box that stands for every character; see README.md."""

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib.tables._c_m_a_p import CmapSubtable

pen = TTGlyphPen(None)
for corners in (
    [(60, 0), (60, 660), (540, 660), (540, 0)],
    [(500, 40), (500, 620), (100, 620), (100, 40)],
):
    pen.moveTo(corners[0])
    for corner in corners[1:]:
        pen.lineTo(corner)
    pen.closePath()
box = pen.glyph()

font = FontBuilder(1000, isTTF=True)
font.setupGlyphOrder([".notdef", "box"])
font.setupCharacterMap({0x20: "box"})
font.setupGlyf({".notdef": box, "box": box})
font.setupHorizontalMetrics({".notdef": (600, 60), "box": (600, 60)})
font.setupHorizontalHeader(ascent=800, descent=-200)
font.setupNameTable(
    {
        "familyName": "Any Character",
        "styleName": "Regular",
        "psName": "AnyCharacter-Regular",
        "copyright": "Part of the developer portal, EUPL-1.2",
    }
)
font.setupOS2(sTypoAscender=800, sTypoDescender=-200, usWinAscent=800, usWinDescent=200)
font.setupPost()

everything = CmapSubtable.newSubtable(13)  # format 13: many characters, one glyph
everything.platformID, everything.platEncID, everything.language = 0, 6, 0
surrogates = range(0xD800, 0xE000)
everything.cmap = {c: "box" for c in range(0x20, 0x110000) if c not in surrogates}
font.font["cmap"].tables = [everything]
font.save("AnyCharacter.ttf")
