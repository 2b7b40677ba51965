"""The application: discovery, ``/authorize`` with its page, ``/token``, ``/keys``, ``/userinfo``, and ``/_control``."""

import base64
import hashlib
import secrets
from collections.abc import Awaitable, Callable, Mapping
from html import escape
from urllib.parse import unquote, urlencode

import orjson
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from evals.simulators.meta.transport import pause
from evals.simulators.oidc.id_tokens import id_token
from evals.simulators.oidc.state import Fault, Grant, Settings, State

Answer = Callable[[Request], Awaitable[Response]]
_HUGE_BYTES = 2_000_000
_CARRIED = ("redirect_uri", "state", "nonce", "code_challenge", "client_id")
_PAGE = """<!doctype html><html lang="en"><head><title>Example company</title>
<link rel="icon" href="data:,"></head><body><main>
<h1>Example company</h1><form method="post" action="{action}"><label>E-mail <input name="email" type="email"></label>
{hidden}<button>Sign in</button><button name="refused" value="1">Refuse</button></form></main></body></html>"""


def create_app(state: State | None = None) -> Starlette:
    site = _Provider(state or State())
    return Starlette(
        routes=[
            Route("/.well-known/openid-configuration", site.guarded("discovery", site.discovery)),
            Route("/authorize", site.ask, methods=["GET"]),
            Route("/authorize", site.grant, methods=["POST"]),
            Route("/token", site.guarded("token", site.token), methods=["POST"]),
            Route("/keys", site.guarded("keys", site.keys)),
            Route("/userinfo", site.guarded("userinfo", site.userinfo)),
            Route("/_control/settings", site.change, methods=["PUT"]),
            Route("/_control/reset", site.reset, methods=["POST"]),
            Route("/healthz", site.healthz),
        ]
    )


class _Provider:
    def __init__(self, state: State) -> None:
        self._state = state

    def guarded(self, route: str, answer: Answer) -> Answer:
        """The answer, unless a fault is ordered for this route."""

        async def play(request: Request) -> Response:
            self._state.counts[route] += 1
            match self._state.fault_at(route):
                case Fault.SERVER_ERROR:
                    return _json({"error": "server_error"}, 500)
                case Fault.GARBAGE:
                    return Response("<html>{]", media_type="application/json")
                case Fault.HUGE:
                    return Response(b'{"a":"' + b"a" * _HUGE_BYTES + b'"}', media_type="application/json")
                case Fault.REDIRECT:
                    return RedirectResponse("https://elsewhere.example/", 307)
                case Fault.SLOW:
                    await request.body()
                    await pause(request.receive, self._state.settings.seconds)
            return await answer(request)

        return play

    async def discovery(self, request: Request) -> Response:
        issuer = _issuer(request)
        methods = ["client_secret_basic"] if self._state.settings.takes_basic else ["client_secret_post"]
        return _json(
            {
                "issuer": issuer,
                "authorization_endpoint": f"{issuer}/authorize",
                "token_endpoint": f"{issuer}/token",
                "jwks_uri": f"{issuer}/keys",
                "userinfo_endpoint": f"{issuer}/userinfo",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": methods,
                "authorization_response_iss_parameter_supported": True,
            }
        )

    async def ask(self, request: Request) -> Response:
        """A page with the form of a company's sign-in."""
        asked = request.query_params
        is_right = (asked.get("response_type"), asked.get("code_challenge_method")) == ("code", "S256")
        if not is_right or asked.get("client_id") != self._state.settings.client_id or "openid" not in asked["scope"]:
            raise HTTPException(400, "invalid_request")
        hidden = "".join(
            f'<input type="hidden" name="{name}" value="{escape(asked[name], quote=True)}">' for name in _CARRIED
        )
        return HTMLResponse(_PAGE.format(action=f"{_issuer(request)}/authorize", hidden=hidden))

    async def grant(self, request: Request) -> Response:
        """Back to the client with a code, or with why there is none."""
        form = {name: str(value) for name, value in (await request.form()).items()}
        fault = self._state.settings.fault
        said = {
            "state": "of-another" if fault is Fault.OTHER_STATE else form["state"],
            "iss": "https://issuer.example" if fault is Fault.OTHER_ISS else _issuer(request),
        }
        if form.get("refused"):
            return RedirectResponse(f"{form['redirect_uri']}?{urlencode({**said, 'error': 'access_denied'})}", 303)
        code = secrets.token_urlsafe(16)
        self._state.grants[code] = Grant(form["email"], form["nonce"], form["code_challenge"], form["redirect_uri"])
        return RedirectResponse(f"{form['redirect_uri']}?{urlencode({**said, 'code': code})}", 303)

    async def token(self, request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        grant = self._state.grants.pop(form.get("code", ""), None)
        if self._client_of(request, form) != (self._state.settings.client_id, self._state.settings.client_secret):
            return _json({"error": "invalid_client"}, 401)
        if grant is None or self._state.settings.fault is Fault.REFUSED or not _proves(form, grant):
            return _json({"error": "invalid_grant"}, 400)
        access = secrets.token_urlsafe(16)
        self._state.people[access] = grant.email
        given = id_token(self._state, grant, _issuer(request))
        return _json({"access_token": access, "token_type": "Bearer", "expires_in": 300, "id_token": given})

    async def keys(self, _request: Request) -> Response:
        found = [] if self._state.settings.fault is Fault.NO_KEYS else [self._state.key.as_dict(private=False)]
        return _json({"keys": found})

    async def userinfo(self, request: Request) -> Response:
        email = self._state.people.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        if email is None:
            return _json({"error": "invalid_token"}, 401)
        is_other = self._state.settings.fault is Fault.THIN_OTHER
        subject = "of-another" if is_other else self._state.subject_of(email)
        return _json({"sub": subject, "email": email, "email_verified": True})

    async def change(self, request: Request) -> Response:
        try:
            self._state.settings = Settings.model_validate_json(await request.body())
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            raise HTTPException(422, f"{'.'.join(map(str, first['loc']))}: {first['msg']}.") from None
        return Response(None, 204)

    async def reset(self, _request: Request) -> Response:
        self._state.reset()
        return Response(None, 204)

    async def healthz(self, _request: Request) -> Response:
        return _json({"status": "ok"})

    def _client_of(self, request: Request, form: Mapping[str, str]) -> tuple[str, str]:
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        if not self._state.settings.takes_basic:
            return form.get("client_id", ""), form.get("client_secret", "")
        if scheme != "Basic":
            return "", ""
        name, _, secret = base64.b64decode(encoded).decode().partition(":")
        return unquote(name), unquote(secret)


def _proves(form: Mapping[str, str], grant: Grant) -> bool:
    """RFC 7636, 4.6."""
    made = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
    is_same = made.rstrip(b"=").decode() == grant.challenge and form.get("redirect_uri") == grant.redirect_uri
    return is_same and form.get("grant_type") == "authorization_code"


def _issuer(request: Request) -> str:
    return str(request.base_url).rstrip("/")


def _json(said: object, status: int = 200) -> Response:
    return Response(orjson.dumps(said), status, media_type="application/json", headers={"Cache-Control": "no-store"})
