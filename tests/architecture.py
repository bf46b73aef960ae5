"""
What each folder of ``tray/`` may import and ask, as tables, checked with ``ast``.

:func:`violations` checks one file, :func:`house_violations` all files together. Both take paths
and texts, so that ``test_architecture.py`` can show each rule a bad sample. To let a folder import
another one, change the tables here in the same commit as the code that needs it.
"""

from __future__ import annotations

import ast
import io
import sys
import tokenize
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

Rule = Literal[
    "rooms", "pure-core", "third-party", "stdlib-only", "which-os", "swallowed", "too-long",
    "bare-mkdir", "one-server", "re-export", "crowded", "same-name", "circle",
]  # fmt: skip

LONGEST = 290
"""Lines of code a file may have; :func:`code_lines` says what counts."""

MOST_MODULES = 15
"""Modules a folder may hold, ``__init__`` not counted."""

SHIMS = frozenset({"tray/resident/__main__.py", "tray/desktop/plyer_notice.py"})
"""Names that a daemon of version 0.1 starts after an upgrade; they go with version 0.3."""

SHARED = frozenset({
    "tray.errors", "tray.managed", "tray.own_connection", "tray.secret", "tray.storage",
    "tray.values",
})  # fmt: skip
"""The small packages any room but the sealed ones may use."""

_SMALL = frozenset({
    "tray.errors", "tray.own_connection", "tray.secret", "tray.storage.atomic_files",
    "tray.storage.file_mark", "tray.values",
})  # fmt: skip
_BELOW = frozenset({"tray.core", "tray.aws", "tray.loopback", "tray.system", *SHARED})

MAY_IMPORT: Mapping[str, frozenset[str]] = {
    "tray.core": frozenset({"tray.values"}),
    "tray.fake_aws": frozenset(),
    "tray.credential_helper": frozenset({"tray.storage.atomic_files", "tray.system"}),
    "tray.credential_helper.credentials": frozenset(),
    "tray.aws": _SMALL | {"tray.core"},
    "tray.system": _SMALL | {"tray.core"},
    "tray.loopback": frozenset({"tray.errors", "tray.system"}),
    "tray.worker": _BELOW,
    "tray.daemon": _BELOW | {"tray.ipc"},
    "tray.daemon.app": _BELOW
    | {"tray.ipc", "tray.worker", "tray.desktop", "tray.credential_helper"},
    "tray.daemon.desktop_wiring": _BELOW | {"tray.desktop"},
    "tray.daemon.__main__": _BELOW | {"tray.desktop"},
    "tray.resident": frozenset({"tray.daemon"}),
    "tray.desktop": _BELOW,
    "tray.cli": _BELOW
    | {"tray.ipc", "tray.worker", "tray.daemon", "tray.credential_helper", "tray.demo"},
    "tray.page": _BELOW | {"tray.ipc", "tray.cli"},
    "tray.demo": _BELOW | {"tray.ipc", "tray.fake_aws"},
    "tray.demo.demo_witness": frozenset(),
    "tray.ipc": frozenset(
        {"tray.core", "tray.errors", "tray.storage", "tray.system", "tray.values"}
    ),
    "tray.managed": SHARED | {"tray.core", "tray.system", "tray.aws"},
    "tray.storage": frozenset(
        {
            "tray.core",
            "tray.errors",
            "tray.own_connection",
            "tray.secret",
            "tray.system",
            "tray.values",
        }
    ),
    "tray.errors": SHARED | {"tray.core"},
    "tray.own_connection": frozenset({"tray.core", "tray.secret", "tray.values"}),
    "tray.secret": SHARED | {"tray.core"},
    "tray.values": frozenset(),
    "tray.__main__": frozenset(
        {"tray.ipc", "tray.cli", "tray.errors", "tray.daemon", "tray.system"}
    ),
}
"""
What of ours a room may import beside itself. The most specific entry counts; ``daemon/app.py``
is where ports are wired. A file outside this table fails: a new room states its neighbours.
"""

ONLY_IN: Mapping[str, tuple[str, ...]] = {
    "boto3": ("tray.aws", "tray.worker", "tray.demo.demo_witness"),
    "botocore": ("tray.aws", "tray.worker"),
    "types_boto3_sso": ("tray.aws", "tray.worker"),
    "types_boto3_sso_oidc": ("tray.aws", "tray.worker"),
    "types_boto3_sts": ("tray.aws", "tray.worker"),
    "keyring": ("tray.worker.keyring",),
    "win32ctypes": ("tray.worker.keyring", "tray.demo.demo_witness"),
    "secretstorage": ("tray.worker.keyring", "tray.demo.demo_witness"),
    "pystray": ("tray.desktop",),
    "PIL": ("tray.desktop",),
    "plyer": ("tray.desktop", "tray.worker"),
    "desktop_notifier": ("tray.desktop", "tray.worker"),
    "click": ("tray.cli",),
}
"""The rooms that alone may import a heavy or telling dependency; ``*`` ends a name's beginning."""

PURE = frozenset({
    "__future__", "abc", "bisect", "collections", "copy", "dataclasses", "datetime", "enum",
    "fnmatch", "fractions", "functools", "hashlib", "heapq", "itertools", "math", "operator", "re",
    "statistics", "string", "textwrap", "types", "typing", "unicodedata", "urllib.parse",
})  # fmt: skip
"""The standard library the core may use: nothing that reads a clock, a file or the machine."""


_PACKAGE = frozenset({"tray", "tray.__version__"})
"""The package itself: its version, its place. Any room that is not sealed may name them."""

_SEALED = ("tray.core", "tray.fake_aws", "tray.credential_helper")

_CLOCKS = frozenset({"datetime.now", "datetime.utcnow", "datetime.today", "date.today"})
_OUTSIDE = frozenset({"open", "print", "input", "__import__", "exec", "eval"})
_WHICH_OS = frozenset({
    "sys.platform", "os.name", "os.uname",
    "platform.system", "platform.platform", "platform.uname",
})  # fmt: skip
_MAY_ASK_OS = ("tray.system", "tray.credential_helper")
_MAKE_DIRECTORIES = frozenset({"mkdir", "makedirs"})
_LISTEN = frozenset({"listen", "create_server", "start_server", "start_unix_server"})
_SERVERS = frozenset({"http.server", "socketserver", "xmlrpc.server", "wsgiref"})
_MAY_LISTEN = (
    "tray.loopback", "tray.fake_aws", "tray.system.agent_socket", "tray.daemon.agent_server",
)  # fmt: skip
_ALL_ERRORS = frozenset({"Exception", "BaseException"})


@dataclass(frozen=True, slots=True)
class Import:
    """
    One import, wherever in the file it stands.

    Args:
        name: the dotted name with the imported member: ``from a import b`` is ``a.b``.
        line: 1-based.
        typing_only: whether it stands under ``if TYPE_CHECKING:``.
    """

    name: str
    line: int
    typing_only: bool = False


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule, with the sentence to show."""

    rule: Rule
    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text} ({self.rule})"


def violations(path: str, source: str) -> list[Violation]:
    """
    Return every architectural rule that one file breaks.

    Args:
        path: the file's place in the repository, with slashes: ``tray/core/policy.py``.
        source: its text.
    """
    module = module_name(path)
    tree = ast.parse(source, filename=path)
    found = list(imports(tree, package=module if path.endswith("__init__.py") else parent(module)))
    broken: Iterable[tuple[Rule, int, str]] = (
        *_rooms(module, found),
        *_pure_core(module, tree, found),
        *_third_party(module, found),
        *_stdlib_only(module, found),
        *_which_os(module, tree, found),
        *_swallowed(tree),
        *_bare_mkdir(module, tree, found),
        *_one_server(module, tree, found),
        *_too_long(source),
        *_re_export(path, tree),
    )
    return [Violation(rule, path, line, text) for rule, line, text in broken]


def house_violations(sources: Mapping[str, str]) -> list[Violation]:
    """
    Return every rule that the files break together: crowded folders, names used twice, circles.

    Args:
        sources: each file's path, as in :func:`violations`, to its text.
    """
    return [*_crowded(sources), *_same_name(sources), *_circles(sources)]


def module_name(path: str) -> str:
    """Return ``tray.core`` for ``tray/core/__init__.py``."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def parent(module: str) -> str:
    """Return the package a module stands in."""
    return module.rpartition(".")[0]


def imports(tree: ast.AST, *, package: str, typing_only: bool = False) -> Iterator[Import]:
    """
    Yield every import below ``tree``, those in functions and by literal name included.

    Args:
        tree: a node.
        package: what relative imports start from.
        typing_only: whether the node itself stands under ``if TYPE_CHECKING:``.
    """
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno, typing_only)
        elif isinstance(node, ast.ImportFrom):
            start = _start(node, package)
            for alias in node.names:
                yield Import(f"{start}.{alias.name}", node.lineno, typing_only)
        elif isinstance(node, ast.If) and dotted(node.test).endswith("TYPE_CHECKING"):
            body = ast.Module(body=node.body, type_ignores=[])
            yield from imports(body, package=package, typing_only=True)
            rest = ast.Module(body=node.orelse, type_ignores=[])
            yield from imports(rest, package=package, typing_only=typing_only)
        else:
            yield from _by_name(node)
            yield from imports(node, package=package, typing_only=typing_only)


def _start(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    base = package
    for _ in range(node.level - 1):
        base = parent(base)
    return f"{base}.{node.module}" if node.module else base


def _by_name(node: ast.AST) -> Iterator[Import]:
    """Yield ``importlib.import_module("x")`` and ``__import__("x")``."""
    if isinstance(node, ast.Call) and node.args:
        called, first = dotted(node.func), node.args[0]
        if called.rpartition(".")[2] in {"import_module", "__import__"} and isinstance(
            first, ast.Constant
        ):
            yield Import(str(first.value), node.lineno)


def dotted(node: ast.AST) -> str:
    """Return ``a.b.c`` for a name or attribute, else an empty text."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else ""
    return ""


def within(name: str, room: str) -> bool:
    """Whether a dotted name is the room itself, lies in it, or matches its ``prefix*``."""
    if room.endswith("*"):
        return name.startswith(room[:-1])
    return name == room or name.startswith(f"{room}.")


def _within_any(name: str, rooms: Iterable[str]) -> bool:
    return any(within(name, room) for room in rooms)


def _rooms(module: str, found: list[Import]) -> Iterator[tuple[Rule, int, str]]:
    if module == "tray":
        home, allowed = "tray.__init__", frozenset[str]()
    else:
        home = max((room for room in MAY_IMPORT if within(module, room)), key=len, default="")
        if not home:
            yield "rooms", 1, f"{module} stands in no room of tests/architecture.py"
            return
        allowed = MAY_IMPORT[home]
    own = ".".join(home.split(".")[:2])
    for imported in found:
        if not within(imported.name, "tray") or _within_any(imported.name, {own, *allowed}):
            continue
        if imported.name not in _PACKAGE or home in _SEALED:
            yield "rooms", imported.line, f"{home} may not import {imported.name}"


def _pure_core(module: str, tree: ast.AST, found: list[Import]) -> Iterator[tuple[Rule, int, str]]:
    if not within(module, "tray.core"):
        return
    for imported in found:
        if not within(imported.name, "tray") and not _within_any(imported.name, PURE):
            yield "pure-core", imported.line, f"the core may not import {imported.name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = dotted(node.func)
            if called in _OUTSIDE or ".".join(called.split(".")[-2:]) in _CLOCKS:
                yield "pure-core", node.lineno, f"the core may not call {called}()"


def _third_party(module: str, found: list[Import]) -> Iterator[tuple[Rule, int, str]]:
    for imported in found:
        package = imported.name.partition(".")[0]
        rooms = ONLY_IN.get(package)
        if rooms is not None and not _within_any(module, rooms):
            where = " and ".join(rooms)
            yield "third-party", imported.line, f"{package} is for {where} only"


def _stdlib_only(module: str, found: list[Import]) -> Iterator[tuple[Rule, int, str]]:
    if not _within_any(module, _SEALED):
        return
    for imported in found:
        package = imported.name.partition(".")[0]
        # The last is written beside the credential helper, which imports it on Windows.
        if package not in {*sys.stdlib_module_names, "tray", "pipe_client"}:
            yield "stdlib-only", imported.line, f"{module} may not import {package}"


def _which_os(module: str, tree: ast.AST, found: list[Import]) -> Iterator[tuple[Rule, int, str]]:
    if _within_any(module, _MAY_ASK_OS):
        return
    asked = [(imported.name, imported.line) for imported in found]
    asked += [(dotted(n), n.lineno) for n in ast.walk(tree) if isinstance(n, ast.Attribute)]
    for name, line in asked:
        if name in _WHICH_OS:
            yield "which-os", line, f"only tray/system may ask {name}"


def _bare_mkdir(
    module: str, tree: ast.AST, found: list[Import]
) -> Iterator[tuple[Rule, int, str]]:
    if module == "tray.storage.atomic_files":
        return
    for line in _named(tree, found, _MAKE_DIRECTORIES):
        yield "bare-mkdir", line, "directories are made by make_directories, with 0700"


def _one_server(
    module: str, tree: ast.AST, found: list[Import]
) -> Iterator[tuple[Rule, int, str]]:
    if _within_any(module, _MAY_LISTEN):
        return
    text = "ports are opened by LoopbackServer, which asks who connects"
    for line in _named(tree, found, _LISTEN):
        yield "one-server", line, text
    for imported in found:
        if _within_any(imported.name, _SERVERS):
            yield "one-server", imported.line, text


def _named(tree: ast.AST, found: list[Import], names: Collection[str]) -> Iterator[int]:
    """Yield the lines that use one of these names of a module or object, or import it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in names:
            yield node.lineno
    for imported in found:
        if imported.name.rpartition(".")[2] in names and not within(imported.name, "tray"):
            yield imported.line


def _swallowed(tree: ast.AST) -> Iterator[tuple[Rule, int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and all(map(_says_nothing, node.body)):
            yield "swallowed", node.lineno, "an error is swallowed without a word"
        if (
            isinstance(node, ast.Call)
            and dotted(node.func).rpartition(".")[2] == "suppress"
            and any(dotted(argument) in _ALL_ERRORS for argument in node.args)
        ):
            yield "swallowed", node.lineno, "every error is suppressed"


def _says_nothing(node: ast.stmt) -> bool:
    return isinstance(node, ast.Pass) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    )


def _too_long(source: str) -> Iterator[tuple[Rule, int, str]]:
    lines = code_lines(source)
    if lines > LONGEST:
        yield "too-long", 1, f"{lines} lines of code; split it (at most {LONGEST})"


def code_lines(source: str) -> int:
    """
    Return how many lines hold code.

    Blank lines, comments and docstrings do not count, nor do declarations: a class that only lists
    fields and constants, and a module that only assigns them.
    """
    tree = ast.parse(source)
    exempt: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr | ast.ClassDef) and _only_declares([node]):
            exempt.update(_lines(node))
    declared = [node for node in tree.body if not isinstance(node, ast.Import | ast.ImportFrom)]
    if _only_declares(declared):
        exempt.update(line for node in declared for line in _lines(node))
    code: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in _NO_CODE:
            code.update(range(token.start[0], token.end[0] + 1))
    return len(code - exempt)


def _only_declares(body: list[ast.stmt]) -> bool:
    """Whether nothing here can run into a branch: texts, fields, constants, classes of those."""
    return all(
        _is_text(node)
        or isinstance(node, ast.Pass | ast.Assign | ast.AnnAssign)
        or (isinstance(node, ast.ClassDef) and _only_declares(node.body))
        for node in body
    )


def _is_text(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _lines(node: ast.stmt) -> range:
    decorators = getattr(node, "decorator_list", [])
    first = min((one.lineno for one in decorators), default=node.lineno)
    return range(first, (node.end_lineno or node.lineno) + 1)


_NO_CODE = frozenset({
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
    tokenize.ENDMARKER,
})  # fmt: skip


def _re_export(path: str, tree: ast.Module) -> Iterator[tuple[Rule, int, str]]:
    """Find modules that hold nothing but other modules' names."""
    if path in SHIMS or path.endswith("/__main__.py"):
        return
    body = [node for node in tree.body if not _is_text(node)]
    passed_on = [node for node in body if isinstance(node, ast.Import | ast.ImportFrom)]
    rest = [node for node in body if node not in passed_on and not _names_or_runs(node)]
    if not rest and any(node for node in passed_on if "__future__" not in ast.dump(node)):
        yield "re-export", 1, "it only passes on names of other modules; import them there"


def _names_or_runs(node: ast.stmt) -> bool:
    """Whether this is ``__all__ = ...``, ``a = module.a`` or ``if __name__ == "__main__":``."""
    if isinstance(node, ast.If):
        return isinstance(node.test, ast.Compare) and dotted(node.test.left) == "__name__"
    return isinstance(node, ast.Assign) and (
        any(dotted(target) == "__all__" for target in node.targets) or bool(dotted(node.value))
    )


def _crowded(sources: Mapping[str, str]) -> Iterator[Violation]:
    modules = Counter(
        path.rpartition("/")[0] for path in sources if not path.endswith("/__init__.py")
    )
    for folder, count in modules.items():
        if count > MOST_MODULES:
            text = f"{count} modules; group them (at most {MOST_MODULES})"
            yield Violation("crowded", folder, 1, text)


def _same_name(sources: Mapping[str, str]) -> Iterator[Violation]:
    first: dict[str, str] = {}
    for path in sorted(set(sources) - SHIMS):
        name = path.rpartition("/")[2]
        if name not in {"__init__.py", "__main__.py"} and first.setdefault(name, path) != path:
            yield Violation("same-name", path, 1, f"{first[name]} has the same name")


def _circles(sources: Mapping[str, str]) -> Iterator[Violation]:
    """Find modules that import each other, in functions too; imports for types do not count."""
    paths = {module_name(path): path for path in sources}
    graph = {module: _imported(path, sources[path], paths) for module, path in paths.items()}
    for module in sorted(graph):
        way = _way(graph, module, module)
        if way and module == min(way):
            text = "import circle: " + " -> ".join([*way, module])
            yield Violation("circle", paths[module], 1, text)


def _imported(path: str, source: str, known: Collection[str]) -> set[str]:
    module = module_name(path)
    package = module if path.endswith("__init__.py") else parent(module)
    found = set()
    for one in imports(ast.parse(source), package=package):
        name = one.name
        while name and name not in known:
            name = parent(name)
        if name and name != module and not one.typing_only:
            found.add(name)
    return found


def _way(graph: Mapping[str, set[str]], start: str, goal: str) -> list[str]:
    """Return the shortest way from one module to another, without the goal; empty: none."""
    ways = [[start]]
    seen = {start}
    for way in ways:
        for following in sorted(graph[way[-1]]):
            if following == goal:
                return way
            if following not in seen:
                seen.add(following)
                ways.append([*way, following])
    return []
