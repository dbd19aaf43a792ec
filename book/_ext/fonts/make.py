"""Cut the Chinese font of the drawings: ``python book/_ext/fonts/make.py NotoSansCJK-Regular.ttc``.

Made once from the collection of Debian's package fonts-noto-cjk 1:20220127+repack1-1 (Noto Sans
CJK 2.004) with fontTools; kept are the characters of GB 2312 and full-width punctuation.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTCollection

OUT = Path(__file__).with_name("NotoSansSC-Regular-GB2312.woff")
NAME = "Noto Sans CJK SC"
PUNCTUATION = "，。、；：？！（）《》〈〉“”‘’【】［］…—～·％＋－＝￥「」『』〔〕"
#: Name records kept: copyright, names, version, licence.
NAMES = [0, 1, 2, 4, 5, 6, 13, 14]


def characters() -> set[int]:
    """Return the code points of GB 2312, rows 16 to 87, and of the punctuation."""
    found = {ord(one) for one in PUNCTUATION}
    for row in range(0xB0, 0xF8):
        for place in range(0xA1, 0xFF):
            code = bytes([row, place]).decode("gb2312", errors="ignore")
            found.update(ord(one) for one in code)
    return found


def main() -> None:
    """Cut the font."""
    fonts = TTCollection(sys.argv[1]).fonts
    font = next(one for one in fonts if one["name"].getDebugName(4) == NAME)
    options = subset.Options(layout_features=[], hinting=False, notdef_outline=True, name_IDs=NAMES)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=characters())
    cutter.subset(font)
    font.flavor = "woff"
    font.save(OUT)


if __name__ == "__main__":
    main()
