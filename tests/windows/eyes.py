"""
Finds words on the screen of a Windows under Wine, by having that Windows draw them.

Sources: Microsoft, SystemParametersInfoW (SPI_GETNONCLIENTMETRICS), CreateDIBSection, TextOutW.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image, ImageChops

DRAW = """\
import base64, ctypes, json, sys
from ctypes import wintypes

user, gdi = ctypes.windll.user32, ctypes.windll.gdi32
for name in ("CreateFontIndirectW", "CreateCompatibleDC", "CreateDIBSection", "SelectObject"):
    getattr(gdi, name).restype = ctypes.c_void_p
user.GetSysColorBrush.restype = ctypes.c_void_p
P = ctypes.c_void_p

LOGFONT, MENU_FONT_AT, METRICS, GET_METRICS = 92, 224, 504, 41
FACE, WORDS = 4, 7  # COLOR_MENU, COLOR_MENUTEXT
metrics = ctypes.create_string_buffer(METRICS)
metrics[:4] = METRICS.to_bytes(4, "little")
assert user.SystemParametersInfoW(GET_METRICS, METRICS, metrics, 0)
font = P(gdi.CreateFontIndirectW(metrics[MENU_FONT_AT:MENU_FONT_AT + LOGFONT]))
device = P(gdi.CreateCompatibleDC(None))
gdi.SelectObject(device, font)
text = sys.argv[1]
size = wintypes.SIZE()
gdi.GetTextExtentPoint32W(device, text, len(text), ctypes.byref(size))
header = (40).to_bytes(4, "little") + size.cx.to_bytes(4, "little")
header += (-size.cy).to_bytes(4, "little", signed=True) + b"\\x01\\x00\\x20\\x00" + bytes(24)
bits = P()
picture = P(gdi.CreateDIBSection(device, header, 0, ctypes.byref(bits), None, 0))
gdi.SelectObject(device, picture)
user.FillRect(device, ctypes.byref(wintypes.RECT(0, 0, size.cx, size.cy)),
              P(user.GetSysColorBrush(FACE)))
gdi.SetBkMode(device, 1)
gdi.SetTextColor(device, user.GetSysColor(WORDS))
gdi.TextOutW(device, 0, 0, text, len(text))
gdi.GdiFlush()
pixels = ctypes.string_at(bits, size.cx * size.cy * 4)
print(json.dumps([size.cx, size.cy, base64.b64encode(pixels).decode()]))
"""
"""Prints width, height and pixels (BGRX, from the top) of words as a menu shows them."""


@dataclass(frozen=True, slots=True)
class Words:
    """Words as pixels: each row's bytes, RGB, without what is plain around them."""

    width: int
    rows: tuple[bytes, ...]


def drawn(width: int, height: int, pixels: str) -> Words:
    """Return what `DRAW` printed, cut to the words themselves."""
    picture = Image.frombytes("RGB", (width, height), b64decode(pixels), "raw", "BGRX")
    plain = Image.new("RGB", picture.size, picture.getpixel((0, 0)))
    box = ImageChops.difference(picture, plain).getbbox()
    assert box, "nothing was drawn"
    words = picture.crop(box)
    data, line = words.tobytes(), words.width * 3
    rows = tuple(data[at : at + line] for at in range(0, len(data), line))
    return Words(words.width, rows)


def places(words: Words, screen: Image.Image) -> Iterator[tuple[int, int]]:
    """Yield the middle of each place where the words are seen, from the top."""
    data, line = screen.convert("RGB").tobytes(), screen.width * 3
    at = -1
    while (at := data.find(words.rows[0], at + 1)) >= 0:
        y, x = divmod(at, line)
        if x % 3 == 0 and all(
            data.startswith(row, at + line * down) for down, row in enumerate(words.rows)
        ):
            yield x // 3 + words.width // 2, y + len(words.rows) // 2
