"""Each refusal of Meta's: its numbers, and the Portuguese texts that a Brazilian token owner reads."""

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

_KEY_LIMIT = 80
_TITLE = "Parâmetro inválido"


class _Texts(NamedTuple):
    """``text`` None: the refusal's own detail is shown. ``code`` with ``subcode`` is what a client must decide by."""

    code: int
    subcode: int | None
    title: str
    text: str | None


class Reason(Enum):
    """Why. The numbers are those of the Graph API and the Conversions API, some known only from what callers report."""

    PARAMETER = _Texts(100, None, _TITLE, None)
    NO_OBJECT = _Texts(100, 33, "Objeto não encontrado", "O objeto não existe ou o token não tem acesso a ele.")
    MISSING_PERMISSION = _Texts(100, None, "Permissão ausente", "O token não pode ler este objeto.")
    UNKNOWN_ALIAS = _Texts(803, None, "Objeto desconhecido", "O identificador solicitado não existe.")
    UNKNOWN_PATH = _Texts(2500, None, "Caminho desconhecido", "O caminho solicitado não existe.")
    TOKEN = _Texts(190, None, "Token de acesso inválido", "Gere um novo token de acesso e tente outra vez.")
    TOKEN_EXPIRED = _Texts(190, 463, "Sessão expirada", "A sessão do token expirou.")
    TOKEN_REVOKED = _Texts(190, 460, "Sessão encerrada", "A senha mudou ou a sessão foi encerrada por segurança.")
    NO_APP_PERMISSION = _Texts(10, None, "Permissão ausente", "O aplicativo não tem permissão para esta ação.")
    NO_PERMISSION = _Texts(200, None, "Permissão ausente", "O dono do token não concedeu a permissão.")
    PROOF = _Texts(100, None, "appsecret_proof inválido", "A prova do segredo do aplicativo falta ou está errada.")
    FBC = _Texts(100, 2804001, "fbc inválido", "O parâmetro fbc não tem o formato fb.1.1554763741205.AbCdEf.")
    TOO_OLD = _Texts(100, 2804003, "Evento muito antigo", "O event_time está além do prazo aceito para esta origem.")
    FUTURE = _Texts(100, 2804004, "Evento no futuro", "O event_time está no futuro; envie segundos, não milissegundos.")
    NO_VALUE = _Texts(100, 2804009, "Valor ausente", "Eventos de compra precisam de um value numérico.")
    NO_CURRENCY = _Texts(100, 2804010, "Moeda ausente", "Eventos de compra precisam de currency.")
    BAD_CURRENCY = _Texts(100, 2804011, "Moeda inválida", "O código de currency não é aceito.")
    CUSTOM_FIELD = _Texts(100, 2804016, "Campo não aceito", "Este campo não pode ser enviado em custom_data.")
    REQUIRED = _Texts(100, 2804019, "Parâmetro obrigatório ausente", "Falta um parâmetro obrigatório do evento.")
    LEAD_ID = _Texts(100, 2804036, "lead_id inválido", "O lead_id deve ter de 15 a 17 dígitos.")
    EXTINFO = _Texts(100, 2804043, "extinfo incompleto", "Eventos de app precisam de versão e sistema em extinfo.")
    TOO_WEAK = _Texts(100, 2804050, "Informações do cliente insuficientes", "Envie mais parâmetros em user_data.")
    CHANNEL = _Texts(100, 2804063, "Canal ausente", "Eventos de mensagens precisam de messaging_channel.")
    MESSAGING_NAME = _Texts(100, 2804066, "Nome não aceito", "Este event_name não é aceito em mensagens.")
    NO_PAGE = _Texts(100, 2804069, "page_id ausente", "Eventos do Messenger precisam de page_id.")
    NO_CLICK = _Texts(100, 2804071, "ctwa_clid ausente", "Eventos do WhatsApp precisam de ctwa_clid.")
    NO_IG_USER = _Texts(100, 2804075, "ig_sid ausente", "Eventos do Instagram precisam de ig_sid.")
    NO_IG_ACCOUNT = _Texts(100, 2804079, "ig_account_id ausente", "Eventos do Instagram precisam de ig_account_id.")
    ORDER_CURRENCY = _Texts(100, 2804081, "Moeda ausente", "Eventos de pedido precisam de currency.")
    BAD_CLICK = _Texts(100, 2804087, "ctwa_clid inválido", "O ctwa_clid não é válido.")
    NO_ACCOUNT = _Texts(100, 2804116, "Conta ausente", "Envie page_id ou whatsapp_business_account_id.")


@dataclass(frozen=True, slots=True)
class Refusal:
    """``detail`` is the developer's English sentence, without any value that was sent; ``path`` is what is to blame."""

    reason: Reason
    detail: str
    path: tuple[str | int, ...] = ()

    def inside(self, *outer: str | int) -> "Refusal":
        return Refusal(self.reason, self.detail, (*outer, *self.path))

    @property
    def message(self) -> str:
        """As the Graph API words it: a generic text where a subcode says more."""
        code, subcode = self.reason.value.code, self.reason.value.subcode
        if code == 190 or subcode == 33:
            return self.detail
        if subcode is not None:
            return "Invalid parameter"
        return f"(#{code}) {self.detail}"


def bad(detail: str, *path: str | int) -> Refusal:
    """A parameter that is wrong without a subcode of its own."""
    return Refusal(Reason.PARAMETER, detail, path)


def unexpected(keys: set[str], where: str) -> Refusal:
    """Names one key, cut short: it is the sender's own text."""
    key = min(keys)[:_KEY_LIMIT]
    return bad(f"Unexpected key {key!r} on param {where}", key)
