"""Renewing from the keyring: prove that it takes writes, ask AWS, store, publish (R2)."""

from __future__ import annotations

import logging

from tray.aws.cache.sso_token import SsoToken
from tray.core.model import SsoSession
from tray.core.outcomes import Outcome, Refused, Renewed, Unrenewable
from tray.errors import CacheFileBad, GrantRefused, RegistrationRefused, Unread
from tray.worker.job_context import JobContext, is_same
from tray.worker.keyring.item_document import KeyringItem
from tray.worker.tokens import granted, removal
from tray.worker.tokens.file_judgement import ask_portal, is_older, portal_takes, usable

log = logging.getLogger(__name__)


def renew_kept(
    session: SsoSession,
    context: JobContext,
    item: KeyringItem,
    published: SsoToken,
    *,
    proved: bool = False,
    filed: GrantRefused | RegistrationRefused | None = None,
) -> Outcome:
    """
    Renew what the keyring keeps, or else what is beside it (K4).

    `proved`: the keyring took the item; `filed`: how AWS has refused the file's own refresh token,
    which is not sent again.
    """
    if filed is None and item.token.fingerprint != published.fingerprint:
        older = is_older(session, context, published, item)
        other = is_other_login(published, item, context, session) and usable(published, context)
        if other and not older and portal_takes(session, context, published):
            return Unrenewable()
        if older or other:
            # Restored from a backup, or an earlier run died between storing and publishing, or AWS
            # has ended what another program's login brought.
            final_check = context.still(session, published)
            published = item.token.without_refresh_data().with_extra(published.extra)
            context.publish_lean(session, published, final_check)
            context.note(session, lineage=item.lineage)
            context.seam("published")
            if _fresh(published, context):
                of = published.fingerprint
                return Renewed(context.facts(session, published), "keyring", by_us=False, of=of)
    tokens = [token for token in (item.token, *item.beside) if token.refreshable]
    refusals: list[GrantRefused | RegistrationRefused] = []
    if filed is not None:
        tokens = [token for token in tokens if token.refresh_token != published.refresh_token]
        refusals = [filed]
    for number, token in enumerate(tokens):
        # Refused once, never sent again: what is saved here begins with the one tried now.
        if number or not proved:
            earlier, later = tokens[:number], tokens[number + 1 :]
            item = context.keep(session, token, beside=later, replaced=earlier, seen=item)
        context.seam("proved")
        try:
            answer = granted.ask(context, token)
        except (GrantRefused, RegistrationRefused) as error:
            refusals.append(error)
            continue
        context.seam("answered")
        answer = answer.with_extra(published.extra)
        of = published.fingerprint if number == 0 and filed is None else token.fingerprint
        if filed is not None:
            context.note(session, store="keyring")  # before the file changes (K1)
        done = granted.store_and_publish(
            session, context, answer, published, replaced=tokens, of=of, seen=item
        )
        return removal.judge(session, context) if done is None else done
    return refused(session, context, published, refusals[0]) if refusals else Unrenewable()


def is_other_login(
    published: SsoToken, item: KeyringItem, context: JobContext, session: SsoSession
) -> bool:
    """Whether a file that is not older is of a login unknown to us, not an unsaved one (R3)."""
    return (
        item.token.fingerprint != published.fingerprint
        and published.fingerprint != context.record(session).unstored
    )


def refused(
    session: SsoSession,
    context: JobContext,
    published: SsoToken,
    error: GrantRefused | RegistrationRefused,
) -> Outcome:
    """Read the file again: a program without our lock may have renewed; then ask AWS once (R4)."""
    try:
        again = context.read(session)
    except (Unread, CacheFileBad):
        again = None
    changed = again is not None and not is_same(again, published)
    if again is not None and changed and not is_older(session, context, again, None):
        return granted.by_others(session, context, again)
    portal = ask_portal(session, context, published)
    if isinstance(error, RegistrationRefused):
        return Refused(portal, "registration-expired")
    return Refused(portal)


def _fresh(token: SsoToken, context: JobContext) -> bool:
    life = token.expires_at - (token.issued_at or 0.0)
    return token.expires_at - context.clock() > life / 2
