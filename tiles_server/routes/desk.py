"""Addresses of the staff desk: cancel, announce, withdraw, see who did what."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, url_for

from pipeline.errors import TonariError
from tiles_server.caching import NEVER
from tiles_server.desk.forms import CAUSES, EFFECTS, AnnounceForm, CancelForm, day_of
from tiles_server.desk.guard import PREFIX, check_form, inside
from tiles_server.desk.signins import Refused
from tiles_server.errors import ServerError, UnknownNameError, handed_over, raise_disk_trouble
from tiles_server.formatting import JAPAN
from tiles_server.language import language, messages
from tiles_server.security import DESK_POLICY, protect

if TYPE_CHECKING:
    from werkzeug import Response as Answer

    from tiles_server.desk.guard import Guard
    from tiles_server.interfaces import Transit
    from tiles_server.releases import Release, Releases

OPEN = ("desk.sign_in", "desk.signing_in", "desk.sign_out")
"""What can be asked for without being signed in."""

HISTORY = 100


def blueprint(releases: Releases, transit: Transit | None, guard: Guard | None) -> Blueprint:
    """Return the blueprint; without `transit`, `guard` or any account there is no desk."""
    desk = Blueprint("desk", __name__, url_prefix=PREFIX)

    @desk.before_request
    def check() -> Answer | None:
        if guard is None or transit is None or not guard.is_on():
            raise UnknownNameError("there is no such address")
        if request.endpoint in OPEN:
            check_form()
            return None
        return guard.check()

    @desk.after_request
    def close(response: Response) -> Response:
        response = protect(response, DESK_POLICY)
        response.headers["Cache-Control"] = NEVER
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["X-Robots-Tag"] = "noindex"
        return response

    if guard is not None:
        _signing_in(desk, releases, guard)
    if transit is not None:
        _announcing(desk, _DeskForms(releases, transit))
    return desk


def _signing_in(desk: Blueprint, releases: Releases, guard: Guard) -> None:
    @desk.get("/sign-in")
    def sign_in() -> Answer:
        return _page("desk_sign_in.html", releases.current(), problem="", name="")

    @desk.post("/sign-in")
    def signing_in() -> Answer:
        name = request.form.get("name", "")
        done = guard.sign_in(name, request.form.get("password", ""))
        if done is True:
            return redirect(inside(request.args.get("next", "")), 303)
        release = releases.current()
        if isinstance(done, Refused):
            minutes = -(-done.seconds // 60)
            page = _page(
                "desk_sign_in.html", release, 429, problem="throttled", minutes=minutes, name=name
            )
            page.headers["Retry-After"] = str(done.seconds)
            return page
        return _page("desk_sign_in.html", release, 403, problem="wrong", name=name)

    @desk.post("/sign-out")
    def sign_out() -> Answer:
        guard.sign_out()
        return redirect(url_for("desk.sign_in", said="signed_out", lang=language()), 303)


def _announcing(desk: Blueprint, forms: _DeskForms) -> None:
    @desk.get("")
    def index() -> Answer:
        return forms.page("desk_index.html")

    @desk.get("/<feed>")
    def feed(feed: str) -> Answer:
        return forms.feed(feed)

    @desk.get("/<feed>/cancel")
    def cancel(feed: str) -> Answer:
        return forms.cancel(feed, CancelForm.of(request.args))

    @desk.post("/<feed>/cancel")
    def cancelling(feed: str) -> Answer:
        return forms.cancelling(feed, CancelForm.of(request.form))

    @desk.get("/<feed>/announce")
    def announce(feed: str) -> Answer:
        return forms.announce(feed, AnnounceForm.of(request.args))

    @desk.post("/<feed>/announce")
    def announcing(feed: str) -> Answer:
        return forms.announcing(feed, AnnounceForm.of(request.form))

    @desk.get("/<feed>/withdraw/<int:number>")
    def withdraw(feed: str, number: int) -> Answer:
        return forms.withdraw(feed, number)

    @desk.post("/<feed>/withdraw/<int:number>")
    def withdrawing(feed: str, number: int) -> Answer:
        return forms.withdrawing(feed, number)


class _DeskForms:
    """What the forms do and show."""

    def __init__(self, releases: Releases, transit: Transit) -> None:
        self._releases, self._transit = releases, transit

    def page(self, template: str, status: int = 200, **details: object) -> Response:
        return _page(template, self._releases.current(), status, **details)

    def feed(self, name: str, status: int = 200, problem: str = "") -> Response:
        found = self._known(name)
        with handed_over("announcements"):
            history = self._transit.desk.history(name)[:HISTORY]
            live = self._transit.board.live(name)
            orphans = self._transit.board.orphans(name)
        return self.page(
            "desk_feed.html", status, name=name, feed=found, live=live, history=history,
            orphans=orphans, problem=problem, now=datetime.now(JAPAN),
        )  # fmt: skip

    def cancel(self, name: str, form: CancelForm, status: int = 200, problem: str = "") -> Response:
        found = self._known(name)
        trips: list[dict[str, Any]] = []
        with handed_over("the timetable"):
            choices = self._transit.desk.choices(name)
            day = day_of(form.date)
            if day and not form.problems:
                trips = self._transit.desk.departures(
                    name,
                    day.isoformat(),
                    routes=[form.route] if form.route else [],
                    stop=form.stop,
                    after=form.from_clock,
                    before=form.behind_clock,
                )
        if form.problems:
            status = 422
        return self.page(
            "desk_cancel.html", status, name=name, feed=found, form=form, trips=trips, day=day,
            choices=choices, causes=CAUSES, problem=problem, today=datetime.now(JAPAN).date(),
        )  # fmt: skip

    def cancelling(self, name: str, form: CancelForm) -> Answer:
        self._known(name)
        day = day_of(form.date)
        if form.problems or day is None or not form.trips:
            problem = "" if form.problems else "refused_none_ticked"
            return self.cancel(name, form, 422, problem)
        try:
            made = self._transit.desk.cancel(
                name, day.isoformat(), by=g.who, cause=form.cause, trips=form.trips, once=True
            )
        except TonariError as error:
            return self.cancel(name, form, 409, _refusal(error))
        return self._done(name, "cancelled", made)

    def announce(
        self, name: str, form: AnnounceForm, status: int = 200, problem: str = ""
    ) -> Response:
        found = self._known(name)
        with handed_over("the timetable"):
            choices = self._transit.desk.choices(name)
        return self.page(
            "desk_announce.html", status, name=name, feed=found, form=form, choices=choices,
            effects=EFFECTS, problem=problem,
        )  # fmt: skip

    def announcing(self, name: str, form: AnnounceForm) -> Answer:
        self._known(name)
        form.check()
        if form.problems or form.ends is None:
            return self.announce(name, form, 422)
        header, description = form.words
        try:
            made = self._transit.desk.announce(
                name, by=g.who, header=header, description=description, ends=form.ends,
                starts=form.starts, effect=form.effect, url=form.url, routes=form.routes, once=True,
            )  # fmt: skip
        except TonariError as error:
            return self.announce(name, form, 409, _refusal(error))
        return self._done(name, "announced", made)

    def withdraw(self, name: str, number: int) -> Answer:
        found = self._known(name)
        with handed_over("announcements"):
            notice = next((n for n in self._transit.board.live(name) if n.id == number), None)
        if notice is None:
            return self.feed(name, 404, "refused_gone")
        return self.page("desk_withdraw.html", name=name, feed=found, notice=notice)

    def withdrawing(self, name: str, number: int) -> Answer:
        self._known(name)
        with handed_over("announcements"):
            known = any(notice.id == number for notice in self._transit.board.live(name))
        if not known:
            return self.feed(name, 409, "refused_gone")
        try:
            made = self._transit.desk.withdraw(number, by=g.who)
        except TonariError as error:
            return self.feed(name, 409, _refusal(error))
        return self._done(name, "withdrawn", made)

    def _done(self, name: str, said: str, made: dict[str, Any]) -> Answer:
        where = url_for("desk.feed", feed=name, said=said, number=made["id"], lang=language())
        return redirect(where, 303)

    def _known(self, name: str) -> object:
        found = self._releases.current().feed(name)
        if "gtfs" not in found.artefacts:
            raise UnknownNameError(f"feed '{name}' has no GTFS file")
        return found


def _refusal(error: TonariError) -> str:
    """Return the sentence that says why the desk refused."""
    if isinstance(error, ServerError):
        raise error
    raise_disk_trouble(error)
    key = f"refused_{getattr(error, 'code', '')}"
    return key if key in messages() else "refused_other"


def _page(template: str, release: Release, status: int = 200, **details: object) -> Response:
    said = request.args.get("said", "")
    response = make_response(
        render_template(
            template,
            release=release,
            manifest=release.manifest,
            who=g.get("who"),
            said=f"said_{said}" if f"said_{said}" in messages() else "",
            **details,
        ),
        status,
    )
    response.headers["Content-Language"] = language()
    return response
