"""
Run the guide's recipes with the tools they name: ``make recipes``.

Each block of ``tray/guide/recipes.md`` that a line ``<!-- run: NAME -->`` marks is run as it is,
but for the names of profile and host, on a desk where nothing but loopback is AWS. Each tool gets
a line with its version; exit code 1 where one does not work. Names as arguments choose some.
"""

from __future__ import annotations

import os
import re
import shutil
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from tests.e2e.desk import PATIENCE, ROOT, Desk, desk

GUIDE: Final = ROOT / "tray/guide/recipes.md"
TOOLS: Final = ROOT / ".tools/recipes"
PROFILE, ACCOUNT = "dev-profile", "123456789011"
OTHER, OTHER_ACCOUNT = "test-profile", "123456789012"

_NOTEBOOK: Final = """\
import nbclient, nbformat, sys
cell = nbformat.v4.new_code_cell(sys.stdin.read())
nbclient.NotebookClient(nbformat.v4.new_notebook(cells=[cell]), kernel_name="python3").execute()
print("".join(one.get("text", "") for one in cell.outputs))
"""


def blocks() -> dict[str, str]:
    """Return the text of each marked block of the guide, by name."""
    marked = r"<!-- run: (\w+) -->\n```\w+\n(.*?)```\n"
    return dict(re.findall(marked, GUIDE.read_text(), re.DOTALL))


@dataclass
class Recorder:
    """A server that stands for CloudFormation or a cluster, and keeps who asked for what."""

    server: ThreadingHTTPServer
    seen: list[tuple[str, str]] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.server.server_port}"


@contextmanager
def recorder(answer: bytes, *, certificate: Path | None = None) -> Iterator[Recorder]:
    """Serve the same answer to every request, on loopback; https with a certificate and key."""
    found: list[Recorder] = []

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            found[0].seen.append((self.headers.get("Authorization") or "", self.path + body))
            self.send_response(200 if certificate else 400)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = _answer  # noqa: N815  (the names http.server looks for)

        def log_message(self, *_: Any) -> None:
            """Print nothing: what was asked is looked at in `seen`."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        found.append(Recorder(server))
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield found[0]
        finally:
            server.shutdown()
            thread.join()


class Kitchen:
    """A desk with the tools on PATH."""

    def __init__(self, here: Desk) -> None:
        self.here = here
        programs = here.home / "programs"
        programs.mkdir()
        ours = programs / "sso-tray"
        ours.write_text(f'#!/bin/sh\nexec {sys.executable} -m tray "$@"\n')
        ours.chmod(0o755)
        (programs / "aws").symlink_to(ROOT / ".tools/awscli/aws")
        places = (programs, TOOLS / "python/bin", TOOLS / "node_modules/.bin")
        path = ":".join([*map(str, places), os.environ["PATH"]])
        self.environ = {**here.environ, "PATH": path, "SAM_CLI_TELEMETRY": "0"}

    def run(self, *command: str, typed: str | None = None, **variables: str) -> str:
        """Run a command to its end, and return all that it prints."""
        done = subprocess.run(
            command,
            env={**self.environ, **variables},
            cwd=self.here.home,
            input=typed,
            stdin=None if typed is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=2 * PATIENCE,
            check=False,
        )
        return done.stdout

    def shell(self, block: str, **variables: str) -> str:
        """Run a block of the guide in bash."""
        return self.run("bash", "-c", block, **variables)

    def needs(self, program: str) -> None:
        """Raise AssertionError where a tool is not on this machine."""
        assert shutil.which(program, path=self.environ["PATH"]), f"{program} is missing here"

    # --- The recipes ------------------------------------------------------------------------

    def notebook(self, block: str) -> str:
        """Run the cell in a Jupyter kernel."""
        python = str(TOOLS / "python/bin/python")
        printed = self.run(python, "-c", _NOTEBOOK, typed=block)
        _holds(ACCOUNT, printed)
        return self.run(python, "-c", "import nbclient; print('nbclient', nbclient.__version__)")

    def _formation(self, block: str, program: str) -> str:
        self.needs(program)
        answer = b"<ErrorResponse><Error><Code>ValidationError</Code></Error></ErrorResponse>"
        with recorder(answer) as cloud:
            address = f"http://{cloud.address}"
            printed = self.shell(
                block, AWS_ENDPOINT_URL_CLOUDFORMATION=address, AWS_ENDPOINT_URL_S3=address
            )
            asked = [one for one in cloud.seen if "DescribeStacks" in one[1]]
        assert asked, printed[-600:]
        assert "Credential=ASIA" in asked[0][0]
        return self.run(program, "--version")

    def cdk(self, block: str) -> str:
        """See whose credentials ask CloudFormation."""
        return self._formation(block, "cdk")

    def sam(self, block: str) -> str:
        """See whose credentials ask CloudFormation."""
        return self._formation(block, "sam")

    def kubernetes(self, block: str) -> str:
        """See what token reaches the cluster."""
        self.needs("kubectl")
        certificate = self.here.home / "cluster.pem"
        self.run(
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=cluster"),
            *("-days", "1", "-keyout", str(certificate), "-out", str(certificate) + ".crt"),
        )
        with certificate.open("a") as both:
            both.write(Path(str(certificate) + ".crt").read_text())
        with recorder(b"ok", certificate=certificate) as cluster:
            settings = self.here.home / "kubeconfig"
            settings.write_text(
                "apiVersion: v1\nkind: Config\ncurrent-context: demo\n"
                f'clusters: [{{name: demo, cluster: {{server: "https://{cluster.address}", '
                "insecure-skip-tls-verify: true}}]\n"
                f"contexts: [{{name: demo, context: {{cluster: demo, user: {PROFILE}}}}}]\n{block}"
            )
            printed = self.run("kubectl", "get", "--raw", "/healthz", KUBECONFIG=str(settings))
            asked = [kind for kind, what in cluster.seen if what == "/healthz"]
        assert [True] == [one.startswith("Bearer k8s-aws-v1.") for one in asked], printed
        return self.run("kubectl", "version", "--client")

    def tmux(self, block: str) -> str:
        """Run the line in one pane before and after `use`."""
        self.needs("tmux")
        self.run("sso-tray", "use", PROFILE)
        _holds("[default]", self.run("sso-tray", "apply", "default"))
        settings = self.here.home / "tmux.conf"
        settings.write_text('set -g default-command "exec bash --norc"\n')
        server = ("tmux", "-S", str(self.here.home / "tmux.socket"))
        self.run(*server, "-f", str(settings), "new-session", "-d", "-x", "200", "-y", "50")
        try:
            for profile, account in ((PROFILE, ACCOUNT), (OTHER, OTHER_ACCOUNT)):
                self.run("sso-tray", "use", profile)
                line = f"clear; {block.strip()}; tmux wait-for -S done"
                self.run(*server, "send-keys", line, "Enter")
                self.run(*server, "wait-for", "done")
                _holds(account, self.run(*server, "capture-pane", "-p"))
        finally:
            self.run(*server, "kill-server")
            self.run("sso-tray", "apply", "default", "--off")
        return self.run("tmux", "-V")

    def ssh(self, block: str) -> str:
        """Run it with a shell that has nothing of this desk."""
        # What sshd does with the command is tried where the port-forward is; here it is a shell.
        remote = self.here.home / "remote"
        remote.write_text(
            "#!/bin/sh\nshift\nexec env -i HOME=/nowhere "
            + " ".join(
                f"{name}='{value}'"
                for name, value in self.environ.items()
                if name == "PATH" or name.startswith(("AWS_ENDPOINT_URL", "NO_PROXY"))
            )
            + ' sh -c "$1"\n'
        )
        remote.chmod(0o755)
        _holds(ACCOUNT, self.shell(block.replace("ssh HOST", f"{remote} HOST")))
        return "a shell with an environment of its own"

    def container(self, block: str) -> str:
        """Run it before and after a renewal."""
        self.needs("bwrap")
        before = self.shell(block)
        _holds(ACCOUNT, before)
        self.run("sso-tray", "renew")
        _holds(ACCOUNT, self.shell(block))
        return self.run("bwrap", "--version")


def _holds(part: str, whole: str) -> None:
    assert part in whole, whole[-600:]


def main() -> int:
    """Run the recipes; 1 if one of them does not do what the guide says."""
    found = blocks()
    wanted = sys.argv[1:] or list(found)
    failed = 0
    with desk() as here, here.daemon():
        kitchen = Kitchen(here)
        assert here.tray("login", "devto-article").code == 0
        for name in wanted:
            recipe: Callable[[str], str] = getattr(kitchen, name)
            named = r"(--profile |AWS_PROFILE[= ]|value: |name: )dev\b"
            block = re.sub(named, rf"\g<1>{PROFILE}", found[name])
            try:
                seen, good = recipe(block).strip().splitlines()[0], True
            except AssertionError as error:
                seen, good, failed = str(error), False, 1
            sys.stdout.write(f"{'✓' if good else '✗'} {name}: {seen}\n")
            sys.stdout.flush()
    return failed


if __name__ == "__main__":
    sys.exit(main())
