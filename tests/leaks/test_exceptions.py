from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.leaks.canaries import Canaries
from tests.worker.memory_backend import MemoryBackend
from tests.worker.signing_in import Place, approving, place_to_sign_in, then_cancelling
from tests.worker.world import CORP, token_of, world_in
from tray.aws.cache.token_cache import full_document, parse_token
from tray.aws.config.catalog import read_catalog
from tray.aws.config.config_files import ConfigFiles
from tray.core.model import Profile
from tray.ipc.agent_client import decode
from tray.secret import Secret
from tray.storage.session_records import Records
from tray.worker import profile_credentials
from tray.worker.job_context import JobContext
from tray.worker.keyring.item_document import parse
from tray.worker.tokens import adoption, release, removal, renewal, sign_out

TROUBLE = ("status", "throttle", "html", "reset", "cut", "lost")
REFUSALS = (
    "AccessDeniedException",
    "ExpiredTokenException",
    "ForbiddenException",
    "InternalServerException",
    "InvalidClientException",
    "InvalidGrantException",
    "InvalidRequestException",
    "TeapotException",
    "UnauthorizedException",
)


def _spoil(backend: MemoryBackend) -> None:
    backend.items = {
        name: text.replace('"version"', '"vers') for name, text in backend.items.items()
    }


KEYRINGS: dict[str, Callable[[MemoryBackend], None]] = {
    "ready": lambda backend: backend.gate.set(),
    "locked": lambda backend: setattr(backend, "state", "locked"),
    "absent": lambda backend: setattr(backend, "state", "absent"),
    "refuses": lambda backend: setattr(backend, "refuses_writes", True),
    "loses": lambda backend: setattr(backend, "loses_writes", True),
    "garbles": lambda backend: setattr(backend, "garbles_writes", True),
    "hangs": lambda backend: backend.gate.clear(),
    "corrupt": _spoil,
}
READER = Profile(name="dev", kind="sso", session="corp", account_id="123456789011",
                 role_name="ReadOnly")  # fmt: skip


def shown(error: BaseException | None) -> Iterator[str]:
    """Yield what anybody could print of an error, and of those it came from, hidden ones too."""
    while error is not None:
        yield from (str(error), repr(error), repr(error.args))
        yield "".join(traceback.format_exception(error))
        yield from shown(error.__cause__)
        error = error.__context__


def what_is_shown(act: Callable[[], object]) -> str:
    """Return what an act shows, by what it returns or by what it raises."""
    told: list[object] = []
    raised = what_is_raised(lambda: told.append(act()))
    return raised or repr(told)


def what_is_raised(act: Callable[[], object]) -> str:
    """Return what an act shows by what it raises; nothing if it raises nothing."""
    try:
        act()
    except Exception as error:  # noqa: BLE001  (whatever it is, it is looked at)
        return "\n".join(shown(error))
    return ""


def jobs(context: JobContext) -> list[Callable[[], object]]:
    """Return each transaction, as its own function, which raises."""
    return [
        lambda: profile_credentials.role_credentials(CORP, READER, context),
        lambda: profile_credentials.identity(CORP, READER, context),
        lambda: renewal.renew(CORP, context),
        lambda: renewal.check(CORP, context),
        lambda: adoption.adopt(CORP, context),
        context.keyring_store.unlock,
        lambda: removal.judge_removed(CORP, context),
        lambda: release.release(CORP, context),
        lambda: sign_out.sign_out(CORP, context),
    ]


@pytest.mark.parametrize(
    ("kind", "keyring"),
    [
        *((kind, "ready") for kind in (*TROUBLE, *REFUSALS)),
        *(
            (kind, keyring)
            for keyring in list(KEYRINGS)[1:]
            for kind in ("cut", "InvalidGrantException")
        ),
    ],
)
def test_no_error_of_a_transaction_shows_a_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, keyring: str
) -> None:
    """Whatever AWS and the keyring do; AWS's own message repeating a token included."""
    with world_in(tmp_path, monkeypatch, rotation="grace") as world:
        token = world.keep_in_keyring()
        assert token.refresh_token is not None
        KEYRINGS[keyring](world.backend)
        said = f"{token.access_token.reveal()} {token.refresh_token.reveal()}"
        for operation in ("CreateToken", "GetRoleCredentials", "ListAccounts", "Logout"):
            world.center.fault(operation, kind, times=None, message=said)

        context = world.make_tools(world.backend, keyring_seconds=0.3)
        told = [what_is_shown(act) for act in jobs(context)]
        context.unsaved.save_in_files()
        context.clients.close()

        assert any("Traceback" in one for one in told)
        assert set() == Canaries(world.center.secrets()).in_text("\n".join(told))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """Everything a sign-in needs."""
    with place_to_sign_in(tmp_path, monkeypatch) as made:
        yield made


@pytest.mark.parametrize("operation", ["RegisterClient", "CreateToken"])
@pytest.mark.parametrize("kind", [*TROUBLE, *REFUSALS])
def test_no_error_of_a_sign_in_shows_a_secret(place: Place, operation: str, kind: str) -> None:
    """Nor does the page in the browser."""
    place.center.sign_in()
    said = " ".join(place.center.secrets())
    place.center.fault(operation, kind, times=None, message=said)
    browser, cancelled = then_cancelling(approving())

    told = what_is_shown(lambda: place.sign_in(browser, cancelled=cancelled))
    told += "".join(page for _, page in browser.shown)

    assert set() == Canaries(place.center.secrets()).in_text(told)


def spoilt(document: bytes) -> Iterator[bytes]:
    """Yield a file as faults leave it: cut anywhere, no text, a member of the wrong type."""
    yield from (document[:at] for at in range(0, len(document), 97))
    yield document.replace(b'"', b'"\xff', 9)
    yield document + document
    yield b"[" + document + b"]"
    members = json.loads(document)
    secret = str(members.get("refreshToken", members.get("refresh_token")))
    for name in members:
        for value in (5, [secret], {secret: secret}, secret + "\n", f"{secret}\x00é", 10**5000):
            try:
                yield json.dumps({**members, name: value}).encode()
            except ValueError:
                yield document.replace(b'": "', b'": ' + b"9" * 5000 + b', "x": "', 1)


READERS: dict[str, Callable[[bytes, Path], object]] = {
    "token file": lambda data, _: parse_token(data, "file"),
    "keyring item": lambda data, _: parse(Secret(data.decode(errors="surrogateescape"))),
    "request": lambda data, _: decode(data + b"\n"),
    "config": lambda _, place: read_catalog(ConfigFiles(place, place.with_name("none"))).problems,
    "record": lambda _, place: Records(place.parent).read(),
}


@pytest.mark.parametrize("reader", READERS)
def test_no_error_of_a_reader_shows_a_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reader: str
) -> None:
    """Files, items and requests, broken in many ways: neither said nor carried along."""
    with world_in(tmp_path, monkeypatch) as world:
        world.keep_in_keyring()
        whole = next(iter(world.backend.items.values())).encode()
        if reader != "keyring item":
            whole = full_document(token_of(world.center.sign_in()))
        place = tmp_path / "state.json"

        told = []
        for data in spoilt(whole):
            place.write_bytes(data.replace(b",", b"\n") if reader == "config" else data)
            told.append(what_is_raised(lambda data=data: READERS[reader](data, place)))  # type: ignore[misc]  # mypy cannot infer a default's type

        assert set() == Canaries(world.center.secrets()).in_text("\n".join(told))
