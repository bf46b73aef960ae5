"""aws-sso-cli's own settings: portals, and the roles that they name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from tray.aws.config import config_files
from tray.aws.config.sso_sessions import region_flaw, start_url_flaw
from tray.cli.moving_in.yaml_settings import Node, NotUnderstood, read_yaml
from tray.core.profiles.moving_in import Found, LeftOut
from tray.core.profiles.start_url import normal_start_url
from tray.core.text.display_names import clean
from tray.errors import ConfigRejected

TOOL: Final = "aws-sso-cli"
_ACCOUNT_DIGITS: Final = 12


def settings_file(environ: Mapping[str, str], home: Path) -> Path:
    """Return where it looks: ``AWS_SSO_CONFIG``, its older folder if that is there, XDG's."""
    if named := environ.get("AWS_SSO_CONFIG"):
        return home / named.removeprefix("~/")
    older = home / ".aws-sso"
    configs = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    return (older if older.is_dir() else configs / "aws-sso") / "config.yaml"


class AwsSsoCli:
    """What its settings say; where they cannot be read, the one thing they say is why."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._flaw: LeftOut | None = None
        self._top = Node(0)
        try:
            data = config_files.read(path)
            if data is not None:
                self._top = read_yaml(data.decode("utf-8-sig"))
        except ConfigRejected as error:
            self._flaw = LeftOut(TOOL, str(path), "", error.sentence)
        except UnicodeDecodeError:
            self._flaw = LeftOut(TOOL, str(path), "", "It isn't UTF-8 text. Save it as that.")
        except NotUnderstood as error:
            why = f"The line {error.what}. Correct it and import again."
            self._flaw = LeftOut(TOOL, f"{path}:{error.line}", "", why)

    def portal(self, instance: str) -> tuple[str, str] | str:
        """Return an instance's start URL and region, or why it has none, as a sentence."""
        if self._flaw is not None:
            return f"{self._flaw.place} can't be read."
        node = self._top.under("SSOConfig").get(instance)
        if node is None:
            return f'{self.path} has no "{clean(instance)}" under SSOConfig.'
        url, region = normal_start_url(node.get("StartUrl")), node.get("SSORegion")
        if not url or not region:
            missing = "StartUrl" if not url else "SSORegion"
            return f'{self.path}:{node.line}: "{clean(instance)}" has no {missing}; add it.'
        flaw = start_url_flaw(url) or region_flaw(region)
        return (url, region) if flaw is None else f"{self.path}:{node.line}: {flaw}."

    def roles(self) -> Iterator[Found | LeftOut]:
        if self._flaw is not None:
            yield self._flaw
        for instance, node in self._top.under("SSOConfig").items():
            portal = self.portal(instance)
            if isinstance(portal, str):
                yield LeftOut(TOOL, f"{self.path}:{node.line}", instance, portal)
                continue
            yield Found(TOOL, f"{self.path}:{node.line}", *portal, session=instance)
            for account, details in node.under("Accounts").items():
                for role, named in details.under("Roles").items():
                    regions = (
                        one.get("DefaultRegion") for one in (named, details, node, self._top)
                    )
                    region = next(filter(None, regions), "")
                    yield self._role(instance, portal, account, role, named, region)

    def _role(
        self,
        instance: str,
        portal: tuple[str, str],
        account: str,
        role: str,
        named: Node,
        region: str,
    ) -> Found | LeftOut:
        place, name = f"{self.path}:{named.line}", named.get("Profile")
        if named.get("Via"):
            why = "It is assumed by way of another role. Write role_arn and source_profile for it."
            return LeftOut(TOOL, place, name or role, why)
        if not account.isdecimal() or len(account) > _ACCOUNT_DIGITS:
            return LeftOut(TOOL, place, name or role, f'"{clean(account)}" is no account number.')
        extra = {"region": region} if region else {}
        number = account.zfill(_ACCOUNT_DIGITS)
        return Found(TOOL, place, *portal, name, number, role, instance, extra)
