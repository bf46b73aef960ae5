from __future__ import annotations

import re

from tray.secret import Secret
from tray.worker.sign_in.browser_sign_in import challenge, new_state, new_verifier


def test_rfc_7636_appendix_b() -> None:
    """The challenge of the RFC's own verifier is the RFC's."""
    verifier = Secret("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")

    assert "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" == challenge(verifier)


def test_verifier() -> None:
    """A verifier is of the RFC's form and never comes again."""
    verifiers = {new_verifier().reveal() for _ in range(100)}

    assert 100 == len(verifiers)
    assert all(re.fullmatch(r"[A-Za-z0-9._~-]{64}", verifier) for verifier in verifiers)


def test_state() -> None:
    """A state has 256 bits, which base64url writes as 43 characters, and never comes again."""
    states = {new_state().reveal() for _ in range(100)}

    assert 100 == len(states)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", state) for state in states)
