"""
Copying a link or a list of names, by whatever program this system has for it.

What can fail: there is none, or it refuses (``False``). A text of any other kind is refused here
(`OurBug`): nothing secret may ever get into a clipboard's history.
"""

from __future__ import annotations
