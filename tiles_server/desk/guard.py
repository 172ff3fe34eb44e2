"""Who is asking: cookie, session and the proof that a form is ours."""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from flask import g, redirect, request, session, url_for
from flask.json.tag import TaggedJSONSerializer
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer
from werkzeug.exceptions import Forbidden

from tiles_server.desk.accounts import Accounts, normal
from tiles_server.desk.private import secret_key
from tiles_server.desk.signins import LONGEST_SECONDS, Refused, SignIns
from tiles_server.errors import AccountError, BusyError
from tiles_server.language import language

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask, Request
    from flask.sessions import SecureCookieSession
    from werkzeug import Response as AnyResponse

LOG = logging.getLogger(__name__)
PREFIX = "/desk"
COOKIE = "__Host-tonari_desk"
"""The prefix makes browsers refuse the cookie unless it is Secure, of this host and without Domain:
no neighbouring site can plant one."""


LONGEST_ADDRESS = 2_000
"""Percent-encoded twice, it stays within what common proxies take."""
CARRIED = {
    "date", "route", "stop", "after", "before", "cause",
    "header", "header_en", "description", "description_en", "url", "effect",
    "start_date", "start_time", "end_date", "end_time", "routes",
}  # fmt: skip
"""Fields of the forms that come back after signing in again."""


class Guard:
    """Lets those who have an account in, and nobody else.

    Parameters
    ----------
    folder
        Where accounts, key and sessions lie.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.accounts = Accounts(folder)
        self.signins = SignIns(folder / "sign-in.sqlite", lambda: secret_key(folder))

    def install(self, app: Flask) -> None:
        """Make `app` keep the desk's session in a signed cookie."""
        app.session_interface = _DeskSessions(self.folder)
        app.config.update(
            SESSION_COOKIE_NAME=COOKIE,
            SESSION_COOKIE_SECURE=True,
            SESSION_COOKIE_HTTPONLY=True,
            SESSION_COOKIE_SAMESITE="Strict",
            SESSION_COOKIE_PATH="/",
            PERMANENT_SESSION_LIFETIME=timedelta(seconds=LONGEST_SECONDS),
        )
        app.jinja_env.globals.update(csrf=csrf)

    def is_on(self) -> bool:
        """Tell whether there is anybody who could sign in.

        Raises
        ------
        AccountError
            If the accounts or the key cannot be used.
        """
        if not self.accounts.names():
            return False
        secret_key(self.folder)
        return True

    def who(self) -> str | None:
        """Return who is signed in."""
        token = session.get("token")
        return self.signins.who(token, self.accounts.credential) if token else None

    def sign_in(self, name: str, password: str) -> bool | Refused:
        """Sign in; tell whether name and password were right, or how long to wait."""
        name, address = normal(name)[:60], request.remote_addr or ""
        attempt = self.signins.attempt(name, address)
        known = name if self.accounts.credential(name) else "an unknown name"
        if isinstance(attempt, Refused):
            LOG.warning("desk: sign-in of %s from %s refused: too many", known, address)
            return attempt
        try:
            right = self.accounts.matches(name, password)
        except BusyError:
            self.signins.take_back(attempt)  # nothing was looked at
            raise
        if not right:
            # What was typed as a name may be a password: unknown names are not written down.
            LOG.warning("desk: sign-in of %s from %s failed", known, address)
            return False
        self.signins.succeeded(attempt)
        credential = self.accounts.credential(name) or ""
        session.clear()  # also the token of the form: nothing from before signing in stays
        session.permanent = True
        session["token"] = self.signins.begin(name, credential)
        LOG.warning("desk: %s signed in from %s", name, address)
        return True

    def sign_out(self) -> None:
        """End the session."""
        token = session.get("token")
        if token:
            self.signins.end(token)
        session.clear()

    def check(self) -> AnyResponse | None:
        """Let a request of somebody signed in pass, and send others to sign in.

        Raises
        ------
        Forbidden
            If a form was not sent by a page of ours.
        """
        g.who = self.who()
        if g.who is None:
            return redirect(url_for("desk.sign_in", next=_again(), lang=language()), 303)
        check_form()
        return None


def check_form() -> None:
    """Raise Forbidden if the request changes something and is not sent by a page of ours."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    given = request.form.get("csrf", "")
    known = session.get("csrf") or ""
    if (
        site not in ("same-origin", "none")
        or not known
        or not hmac.compare_digest(given.encode(), known.encode())
    ):
        raise Forbidden("the form is too old or not from this site; open the page again")


def csrf() -> str:
    """Return the token that shows a form to be ours; it lasts as long as the session."""
    if "csrf" not in session:
        session.permanent = True
        session["csrf"] = secrets.token_urlsafe(24)
    return str(session["csrf"])


def _again() -> str:
    """Return where to go on after signing in: forms come back filled in, but are not sent.

    Only what is listed may get into an address, for addresses are written into logs. What is too
    long for proxies is left out of it: the description then has to be written again.
    """
    fields = request.form if request.method == "POST" else request.args
    named = request.view_args or {}
    kept = {key: fields.getlist(key) for key in fields if key in CARRIED}
    values: dict[str, Any] = {**named, **kept}
    again = url_for(request.endpoint or "desk.index", **values)
    if len(again) > LONGEST_ADDRESS:
        short = {key: value for key, value in values.items() if not key.startswith("description")}
        again = url_for(request.endpoint or "desk.index", **short)
    return again


def inside(target: str) -> str:
    """Return an address to go on to after signing in, the desk's first page if it leads away."""
    desk = request.script_root + PREFIX
    odd = any(ord(c) < 0x21 or c == "\\" for c in target)
    if odd or not (target == desk or target.startswith((f"{desk}/", f"{desk}?"))):
        return url_for("desk.index", lang=language())
    return target


class _DeskSessions(SecureCookieSessionInterface):
    """Flask's signed cookie, for the desk alone: public pages neither read nor set one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if request.path != PREFIX and not request.path.startswith(f"{PREFIX}/"):
            return None
        return super().open_session(app, request)

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        if not (self._folder / "accounts.json").exists():
            return None
        try:
            key = secret_key(self._folder)
        except (AccountError, OSError):
            return None  # the guard says what is wrong; here there is nobody to say it to
        return URLSafeTimedSerializer(
            key,
            salt="tonari desk",
            serializer=TaggedJSONSerializer(),
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )
