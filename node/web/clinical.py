"""`PUT` and `GET` of a patient's clinical variables: JSON, with a token, checked as everywhere else."""

import hmac
import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from node.clinical.kept import known
from node.clinical.update import store
from node.db import Study
from node.engine import sessions
from node.header import patient_key
from node.settings import Settings

MAX_BODY = 1 << 16
NO_STORE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

#: finds the patient's key; None and the reason where there is none
Find = Callable[[Session], tuple[str | None, str]]


def routes(settings: Settings, engine: Engine) -> list[Route]:
    """Return the routes; the engine's database is written."""
    clinical_pages = _Clinical(settings, engine)
    methods = ["GET", "PUT"]
    return [
        Route("/api/studies/{uid}/clinical", clinical_pages.of_study, methods=methods),
        Route("/api/patients/{patient:path}/clinical", clinical_pages.of_patient, methods=methods),
    ]


class _Clinical:
    """The endpoints."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self._token = settings.web.token
        self._sessions = sessions(engine)

    async def of_study(self, request: Request) -> Response:
        """Answer for the patient of a study that the node knows."""
        uid = request.path_params["uid"]

        def find(session: Session) -> tuple[str | None, str]:
            study = session.scalars(select(Study).filter_by(study_instance_uid=uid)).first()
            if study is None:
                return None, "no such study"
            return study.patient_key, "the study has no Patient ID, or several"

        return await self._answer(request, find)

    async def of_patient(self, request: Request) -> Response:
        """Answer for a PatientID (`?issuer=` where it has one), whether or not a study has come."""
        key = patient_key(request.path_params["patient"], request.query_params.get("issuer", ""))
        return await self._answer(request, lambda session: (key, "no Patient ID"))

    async def _answer(self, request: Request, find: Find) -> Response:
        if (refused := self._refused(request)) is not None:
            return refused
        if request.method != "PUT":
            return await run_in_threadpool(self._get, find)
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY:
                return _error(413, f"the body is larger than {MAX_BODY} bytes")
        return await run_in_threadpool(self._put, find, body)

    def _refused(self, request: Request) -> Response | None:
        """Return the refusal of a request without the right token; its holder may change predictions."""
        if self._token is None:
            return _error(403, "clinical variables are not taken here: set web.token in the node's settings")
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        right = hmac.compare_digest(given.strip().encode(), self._token.get_secret_value().encode())
        if kind.lower() == "bearer" and right:
            return None
        answer = _error(401, "send the header Authorization: Bearer <web.token>")
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer

    def _get(self, find: Find) -> Response:
        with self._sessions() as session:
            key, reason = find(session)
            if key is None:
                return _error(404, reason)
            return JSONResponse({"variables": known(session, key)}, headers=NO_STORE)

    def _put(self, find: Find, body: bytes) -> Response:
        try:
            values = _checked(body)
        except ValueError as error:
            return _error(400, str(error))
        with self._sessions.begin() as session:
            key, reason = find(session)
            if key is None:
                return _error(404, reason)
            again = store(session, key, values, "rest")
        return JSONResponse({"variables": values, "analysed_again": again}, headers=NO_STORE)


def _checked(body: bytes) -> dict[str, Any]:
    """Read and check a body: a JSON object of variables; null means not known.

    Raises
    ------
    ValueError
        Naming the key, the value and what is allowed.
    """
    # the rules load numpy and pydicom, no network: at the first request, so that the page starts light
    from pipelines.clinical import validate  # noqa: PLC0415
    from pipelines.errors import InputError  # noqa: PLC0415

    try:
        values = json.loads(body)
    except ValueError:
        raise ValueError("the body is no JSON") from None
    if not isinstance(values, dict):
        raise ValueError('the body must be one JSON object, e.g. {"age": 61, "sex": "F"}')
    try:
        checked = validate(values)
    except InputError as error:
        raise ValueError(str(error)) from None
    return {name: list(v) if isinstance(v, tuple) else v for name, v in checked.known().items()}


def _error(status: int, text: str) -> JSONResponse:
    return JSONResponse({"error": text}, status, headers=NO_STORE)
