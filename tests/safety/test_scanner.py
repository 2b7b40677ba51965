"""What a seller pastes is found and known for what it is; what a seller writes about it is left alone."""

from pathlib import Path

import pytest

from tests.safety.samples import (
    BASIC,
    HEX32,
    HEX64,
    HOTTOK,
    HUB_KEY,
    JWT,
    KIWIFY_TOKEN,
    META,
    REFERENCE,
    UUID_A,
    UUID_B,
)
from tracking_core.models import SecretKind
from tracking_core.safety.patterns import MAX_CHARS
from tracking_core.safety.scanner import Finding, scan

META_TOKEN, APP_SECRET = SecretKind.META_ACCESS_TOKEN, SecretKind.META_APP_SECRET
ID, SECRET, CODE = SecretKind.GATEWAY_CLIENT_ID, SecretKind.GATEWAY_CLIENT_SECRET, SecretKind.GATEWAY_BASIC
WEBHOOK, UNKNOWN = SecretKind.WEBHOOK_SECRET, SecretKind.UNKNOWN
ROOT = Path(__file__).parents[2]
Kinds = list[tuple[SecretKind, str]]


def found(text: str) -> Kinds:
    return [(one.kind, one.value) for one in scan(text)]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        (f"meu token é {META}", META_TOKEN, META),
        (f"token{META}", META_TOKEN, META),
        (f"access_token%3D{META}%26a%3D1", META_TOKEN, META),
        (f'"said\\n{META}"', META_TOKEN, META),
        (f"https://graph.example/v1/me?access_token={META}&x=1", META_TOKEN, META),
        ("access_token=EAAGshort123", META_TOKEN, "EAAGshort123"),
        (f"Authorization: Bearer {META}", META_TOKEN, META),
        (f"Authorization: Bearer {JWT}", UNKNOWN, JWT),
        (f"o token da kiwify é esse? {JWT}", UNKNOWN, JWT),
        ("bearer 0aB1c2D3e4F5g6H7", UNKNOWN, "0aB1c2D3e4F5g6H7"),
        (f"Basic {BASIC}=", CODE, f"{BASIC}="),
        (f"Basic: {BASIC}", CODE, BASIC),
        ("Authorization: Basic dXNlcjpwYXNz", CODE, "dXNlcjpwYXNz"),
        (f"App Secret: {HEX32}", APP_SECRET, HEX32),
        (f"chave secreta do aplicativo\n{HEX32}", APP_SECRET, HEX32),
        (f"o segredo do app da Meta é {HEX32}", APP_SECRET, HEX32),
        (f"chave secreta: {HEX32}", APP_SECRET, HEX32),
        (f"chave secreta da kiwify: {HEX32}", SECRET, HEX32),
        (f"chave secreta (client secret): {UUID_A}", SECRET, UUID_A),
        (f"client id é {UUID_A}", ID, UUID_A),
        (f"meu client id da conta nova da hotmart é o seguinte: {UUID_A}.", ID, UUID_A),
        (f"aqui está o client id que copiei ontem cedo, {UUID_A}", ID, UUID_A),
        (f"{UUID_A} is my client secret", SECRET, UUID_A),
        ("o client_id é demo-kiwify-client", ID, "demo-kiwify-client"),
        ("client secret: demo-kiwify-secret", SECRET, "demo-kiwify-secret"),
        ("CLIENT SECRET = 'demo-hotmart-secret'", SECRET, "demo-hotmart-secret"),
        (f"client_secret is {HEX64}", SECRET, HEX64),
        (f"Client Secret\n\n{HEX64}\n", SECRET, HEX64),
        (f"client_secret_{UUID_B}.png", SECRET, UUID_B),
        (f"<client_id>{UUID_A}</client_id>", ID, UUID_A),
        (f"**Client ID:** `{UUID_A}`", ID, UUID_A),
        (f"| client_secret | {UUID_A} |", SECRET, UUID_A),
        (f"hottok {HOTTOK}", WEBHOOK, HOTTOK),
        (f"X-HOTMART-HOTTOK: {HOTTOK}", WEBHOOK, HOTTOK),
        (f"o token do webhook da kiwify é {KIWIFY_TOKEN}", WEBHOOK, KIWIFY_TOKEN),
        (f"configurei o webhook, token: {KIWIFY_TOKEN}", WEBHOOK, KIWIFY_TOKEN),
        ("webhook secret = abc123", WEBHOOK, "abc123"),
        ("api key: k9x8w7v6u5", UNKNOWN, "k9x8w7v6u5"),
        ("minha senha é batata123", UNKNOWN, "batata123"),
        ("senha: hunter", UNKNOWN, "hunter"),
        ("password=p@ss,w", UNKNOWN, "p@ss"),
        (f"use {HUB_KEY}!", UNKNOWN, HUB_KEY),
        ("sk-proj-Ab3dEf6hIj9lMn2pQr5t", UNKNOWN, "sk-proj-Ab3dEf6hIj9lMn2pQr5t"),
        (f"não sei o que é isto: {HEX64}", UNKNOWN, HEX64),
        ("postgresql://hub:s3nh4@db.example/hub", UNKNOWN, "s3nh4"),
    ],
)
def test_a_credential_is_found_with_its_kind_and_its_bare_value(text: str, kind: SecretKind, value: str) -> None:
    assert found(text) == [(kind, value)]


BOTH: Kinds = [(ID, UUID_A), (SECRET, UUID_B)]


@pytest.mark.parametrize(
    "text",
    [
        f"client_id: {UUID_A} client_secret: {UUID_B}",
        f"client_id: {UUID_A}, client_secret: {UUID_B}",
        f"client_id:{UUID_A},client_secret:{UUID_B}",
        f"Client ID {UUID_A} Client Secret {UUID_B}",
        f"Client ID\n{UUID_A}\nClient Secret\n{UUID_B}",
        f"Client ID:\r\n{UUID_A}\r\n\r\nClient Secret:\r\n{UUID_B}\r\n",
        f"Client ID\nClient Secret\n{UUID_A}\n{UUID_B}",
        f'{{"client_id": "{UUID_A}", "client_secret": "{UUID_B}"}}',
        f'{{\\"client_id\\":\\"{UUID_A}\\",\\"client_secret\\":\\"{UUID_B}\\"}}',
        f"HOTMART_CLIENT_ID={UUID_A}\nHOTMART_CLIENT_SECRET='{UUID_B}'",
        f"export hotmartClientId={UUID_A}; export hotmartClientSecret={UUID_B}",
        f"curl -d client_id={UUID_A} -d 'client_secret={UUID_B}' https://api.example/token",
        f"curl -u {UUID_A}:{UUID_B} https://api.example/token",
        f"https://api.example/token?grant_type=client_credentials&client_id={UUID_A}&client_secret={UUID_B}",
        f"meu client id e client secret são {UUID_A} e {UUID_B}",
        f"client id / client secret: {UUID_A} / {UUID_B}",
        f"{UUID_A} é meu client id e {UUID_B} é o client secret",
        f"client id: {UUID_A}\n{UUID_B}",
        f"hotmart:\n  client_id: {UUID_A}\n  client_secret: {UUID_B}\n",
        f"o id do cliente é {UUID_A} e a chave secreta é {UUID_B}",
        f"client_id,client_secret\n{UUID_A},{UUID_B}",
    ],
)
def test_two_credentials_after_each_other_each_get_their_kind(text: str) -> None:
    assert found(text) == BOTH


def test_what_the_panel_shows_is_copied_whole() -> None:
    text = f"Client ID\n{UUID_A}\nClient Secret\n{UUID_B}\nBasic\nBasic {BASIC}\n"
    assert found(text) == [*BOTH, (CODE, BASIC)]


def test_an_empty_label_does_not_take_the_next_one_for_its_value() -> None:
    assert found("CLIENT_ID=\nKIWIFY_CLIENT_SECRET=demo-kiwify-secret") == [(SECRET, "demo-kiwify-secret")]
    assert found('{"client_id":"","client_secret":"demo-kiwify-secret"}') == [(SECRET, "demo-kiwify-secret")]


def test_the_account_id_between_credentials_is_left_where_it_is() -> None:
    text = f"client_id: demo-kiwify-client\nclient_secret: {HEX64}\naccount id: {UUID_A}"
    assert found(text) == [(ID, "demo-kiwify-client"), (SECRET, HEX64)]


@pytest.mark.parametrize("label", ["account id", "account id\n", "EVENT", "token", "id da conta e do pedido,"])
@pytest.mark.parametrize("end", ["abc123", "0EVENT", UUID_A])
def test_a_name_before_a_label_does_not_take_its_value(label: str, end: str) -> None:
    for sign in (":", "=", ": "):
        assert (SECRET, UUID_B) in found(f"{label} client_secret{sign}{UUID_B} {end}")


def test_names_in_a_row_take_the_values_behind_them_in_their_order() -> None:
    secrets = [(ID, UUID_A), (SECRET, "demo-kiwify-secret")]
    assert found(f"account id, client id e client secret: demo-account, {UUID_A}, demo-kiwify-secret") == secrets
    assert found(f"client id\nclient secret\naccount id\n{UUID_A}\ndemo-kiwify-secret\n{UUID_B}") == secrets


def test_a_token_wrapped_over_lines_is_one_value_and_ends_where_the_next_thing_begins() -> None:
    wrapped = "\n".join([META[:76], META[76:152], META[152:]])
    assert found(f"token:\n{wrapped}\n123456789012345") == [(META_TOKEN, META)]
    assert found(f"{META}\n{META}") == [(META_TOKEN, META)] * 2
    assert found(f"{META}\n{HEX32} é o app secret") == [(META_TOKEN, META), (APP_SECRET, HEX32)]


@pytest.mark.parametrize(
    "text",
    [
        "meu token não funciona",
        "o token expirou em 24/11/2026, e agora?",
        "onde acho o client secret?",
        "Onde fica o Client ID e o Client Secret na Hotmart?",
        "client secret: obrigatório",
        "o client secret é obrigatório?",
        "client_id: onde fica?",
        "senha: esqueci",
        "qual a senha?",
        "access token: não tenho ainda",
        "o hottok é um passo-a-passo?",
        "my access token is invalid",
        "where do I find the app secret? the docs say GATEWAY_ACCESS_TOKEN_INVALID",
        "The bearer of this letter knows basic mathematics and internationalization",
        "Basic autenticação ou Bearer token?",
        "o pixel é 123456789012345",
        "token do dataset 1234567890123456 recusado",
        "access token: dataset 123456789012345",
        "pedido HP1234567890123",
        "o token falhou no pedido HP1234567890123C1",
        "https://pay.hotmart.com/A12345678B?off=abc12345&xcod=0190f3a2&fbclid=IwZXh0bgNhZW0CMTEAAR0" + "aB1x" * 20,
        f"https://pay.kiwify.com.br/AbC12dE?s1={UUID_A}&utm_source=fb e o token?",
        f"o produto {UUID_A} não aparece",
        f"client secret não funciona com o produto {UUID_A}",
        UUID_A,
        f"account id: {UUID_A}",
        f"meu account_id é {UUID_A} e o client secret não achei",
        "account id: demo-account",
        "test_event_code: TEST12345",
        "o código de teste do token é TEST12345",
        f"sha256:{HEX64}",
        f"client_id: {REFERENCE}, client_secret: {REFERENCE}",
        "client_id: secret:1 client_secret: secret:2",
        "client_id=<client_id> client_secret=${CLIENT_SECRET} token=*** senha: xxxxxx",
        "client_id: {kiwify_id}, client_secret: {kiwify_secret}, hottok: gateway_client_id",
        "faltam: gateway_client_id, gateway_client_secret, webhook_secret, meta_access_token",
        "o Basic é base64 de client_id:client_secret",
        "access token: OAuthAccessTokenException",
        "client_id: SEU_CLIENT_ID, client_secret: your-client-secret",
        "wk_hub_Zx93kQ7Lm0aBZx93kQ7Lm0aB é a chave pública",
        "webhook: https://hub.example/webhooks/hotmart/Zx93kQ7Lm0aB_Zx93kQ7Lm0aB-x1",
        "meu celular é 11987654321 e o outro 11 98765-4321",
        "token\u2026",
        "",
    ],
)
def test_what_is_no_credential_is_left_alone(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize("folder", ["prompts", "tracking_core/locale"])
def test_what_we_say_ourselves_about_credentials_is_left_alone(folder: str) -> None:
    texts = [path.read_text() for path in (ROOT / folder).rglob("*") if path.suffix in (".md", ".po")]
    assert len("".join(texts)) > 10_000
    parts = [part for text in texts for part in _readable(text)]
    assert [one.rule for part in parts for one in scan(part)] == []


def _readable(text: str) -> list[str]:
    """In parts as long as the scanner reads, each of whole paragraphs."""
    parts = [""]
    for paragraph in text.split("\n\n"):
        if len(parts[-1]) + len(paragraph) > MAX_CHARS // 2:
            parts.append("")
        parts[-1] += f"{paragraph}\n\n"
    return parts


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("meu cpf 390.533.447-05", "personal_cpf"),
        ("cpf: 39053344705", "personal_cpf"),
        ("39053344705", "personal_cpf"),
        ("11.222.333/0001-81", "personal_cnpj"),
        ("CNPJ 11222333000181", "personal_cnpj"),
        ("12.ABC.345/01DE-35", "personal_cnpj"),
        ("4111 1111 1111 1111", "personal_card"),
        ("3782-822463-10005", "personal_card"),
        ("cartão 4111111111111111", "personal_card"),
    ],
)
def test_a_document_or_a_card_is_a_person_s(text: str, rule: str) -> None:
    [one] = scan(text)
    assert (one.rule, one.kind, one.is_personal) == (rule, UNKNOWN, True)


@pytest.mark.parametrize(
    "text", ["390.533.447-06", "111.111.111-11", "11.222.333/0001-82", "4111 1111 1111 1112", "4111111111111111"]
)
def test_a_number_that_fails_its_check_or_has_no_name_is_nobody_s(text: str) -> None:
    assert scan(text) == []


def test_a_finding_shows_its_place_and_never_its_value() -> None:
    text = f"oi, client id: {UUID_A}, obrigada"
    [one] = scan(text)
    assert text[one.start : one.end] == UUID_A == one.value
    assert not one.is_personal
    assert UUID_A not in repr(one)
    assert repr(one).startswith("Finding(start=15,")
    assert isinstance(one, Finding)
