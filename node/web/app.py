"""The status page's routes: pages for people, JSON for programs, figures for Prometheus."""

import shutil
from dataclasses import asdict
from datetime import datetime
from importlib.metadata import version
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from node.audit import Trail
from node.engine import readers
from node.settings import Settings
from node.states import StudyState
from node.web import clinical, filters, metrics
from node.web.overview import overview
from node.web.study import detail

#: the pages load nothing from anywhere and run no script
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
MAX_STUDIES = 1000


def create_app(settings: Settings, engine: Engine) -> Starlette:
    """Return the application.

    Parameters
    ----------
    settings : Settings
        Destinations and limits to show.
    engine : Engine
        The node's database, migrated; only clinical variables are written.
    """
    pages = _Pages(settings, engine)
    return Starlette(
        routes=[
            Route("/", pages.status),
            Route("/studies/{uid}", pages.study),
            Route("/api/studies", pages.api_studies),
            Route("/api/studies/{uid}", pages.api_study),
            Route("/healthz", pages.health),
            Route("/metrics", pages.metrics),
            *clinical.routes(settings, engine),
        ]
    )


class _Pages:
    """The endpoints; plain functions, which Starlette runs in its thread pool."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self._settings = settings
        self._sessions = readers(engine)
        self._trail = Trail(settings)
        self._templates = Environment(
            loader=PackageLoader("node"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        self._templates.filters |= filters.FILTERS
        self._templates.globals |= {"settings": settings, "version": version("lumbar-node")}

    def status(self, request: Request) -> Response:
        """Show every study, destination and refusal."""
        state = request.query_params.get("state")
        with self._sessions() as session:
            found = overview(session, _limit(request), _state(state))
        return self._page("status.html", overview=found, states=list(StudyState), shown=state)

    def study(self, request: Request) -> Response:
        """Show one study with its results and history."""
        with self._sessions() as session:
            found = detail(session, request.path_params["uid"])
        if found is None:
            raise HTTPException(404, "no such study")
        self._viewed(request)
        return self._page("study.html", found=found)

    def api_studies(self, request: Request) -> Response:
        """Answer the status page's content as JSON."""
        with self._sessions() as session:
            found = overview(session, _limit(request), _state(request.query_params.get("state")))
        return JSONResponse(_plain(asdict(found)), headers=HEADERS)

    def api_study(self, request: Request) -> Response:
        """Answer one study's page as JSON."""
        with self._sessions() as session:
            found = detail(session, request.path_params["uid"])
        if found is None:
            return JSONResponse({"error": "no such study"}, 404, headers=HEADERS)
        self._viewed(request)
        return JSONResponse(_plain(asdict(found)), headers=HEADERS)

    def health(self, _request: Request) -> Response:
        """Answer 200 while the database answers and objects can be taken in, else 503 with the reason."""
        try:
            with self._sessions() as session:
                session.execute(select(1))
            free = shutil.disk_usage(self._settings.data_dir).free
        except (SQLAlchemyError, OSError) as error:
            return JSONResponse({"status": "failing", "reason": type(error).__name__}, 503, headers=HEADERS)
        if free < self._settings.receiver.min_free_bytes:
            return JSONResponse(
                {"status": "failing", "reason": f"only {free} bytes free"}, 503, headers=HEADERS
            )
        return JSONResponse({"status": "ok", "free_bytes": free}, headers=HEADERS)

    def metrics(self, _request: Request) -> Response:
        """Answer the figures for Prometheus."""
        with self._sessions() as session:
            text = metrics.render(self._settings, session)
        return Response(text, media_type="text/plain; version=0.0.4", headers=HEADERS)

    def _viewed(self, request: Request) -> None:
        address = request.client.host if request.client else None
        self._trail.viewed("web", address, request.path_params["uid"])

    def _page(self, name: str, **values: Any) -> HTMLResponse:
        return HTMLResponse(self._templates.get_template(name).render(**values), headers=HEADERS)


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", "100")
    if not text.isdecimal() or not 1 <= int(text) <= MAX_STUDIES:
        raise HTTPException(400, f"limit: a whole number from 1 to {MAX_STUDIES}, not {text!r}")
    return int(text)


def _state(text: str | None) -> str | None:
    if text is not None and text not in set(StudyState):
        raise HTTPException(400, f"state: one of {', '.join(StudyState)}, not {text!r}")
    return text


def _plain(value: Any) -> Any:
    """Return `value` with times as ISO 8601 text, ready for JSON."""
    match value:
        case datetime():
            return value.isoformat()
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case _:
            return value
