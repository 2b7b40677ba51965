"""Every setting of the hub: one typed class, read from ``HUB_*`` environment variables.

An empty ``database_url``, ``redis_url`` or ``secrets_keys`` means "the embedded servers of this data
directory": ``hub up`` writes what it runs with to ``<data_dir>/runtime.json``, and while it runs every other command
reads that before the ``.env`` file. The environment wins over both.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from tracking_core.settings_sources import RuntimeFile, read_settings


class Settings(BaseSettings):
    """Typed settings. Durations carry their unit in the name; sizes are bytes."""

    model_config = SettingsConfigDict(
        env_prefix="HUB_",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,  # it may be a secret
    )

    environment: Literal["development", "testing", "production"] = "development"
    log_level: str = "INFO"
    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str = Field(default="", validate_default=True)
    internal_url: str = ""
    data_dir: Path = Path(".hub")

    database_url: str = ""
    database_direct_url: str = ""
    redis_url: str = ""
    embedded_postgres_port: int = 54320
    embedded_redis_port: int = 63790
    simulators_port: int = 8090
    secrets_keys: SecretStr = SecretStr("")

    vault_backend: Literal["local", "aws", "hashicorp"] = "local"
    vault_prefix: str = "hub/vault"
    vault_timeout_seconds: float = 5.0
    vault_unverified_hours: int = 24
    vault_aws_region: str = ""
    vault_aws_endpoint_url: str = ""
    vault_hashicorp_address: str = ""
    vault_hashicorp_mount: str = "secret"
    vault_hashicorp_token: SecretStr = SecretStr("")
    vault_hashicorp_ca_file: str = ""

    meta_graph_url: str = "https://graph.facebook.com"
    meta_graph_version: str = "v26.0"
    hotmart_auth_url: str = "https://api-sec-vlc.hotmart.com"
    hotmart_api_url: str = "https://developers.hotmart.com"
    kiwify_api_url: str = "https://public-api.kiwify.com"
    llm_base_url: str = ""
    llm_api_key: SecretStr = SecretStr("")
    llm_model: str = ""
    llm_patience_seconds: float = 4.0
    llm_timeout_seconds: float = 30.0
    llm_temperature: float = 0.0
    llm_seed: int = 0
    llm_max_tokens: int = 400
    llm_vision: bool = False
    llm_stream_usage: bool = True
    llm_calls_per_turn: int = Field(default=4, ge=1)
    llm_tokens_per_session: int = 200_000

    trusted_proxies: list[str] = []
    embed_origins: list[str] = []
    track_max_body_bytes: int = 16_384
    webhook_max_body_bytes: int = 1_048_576
    track_rate_per_second: int = 2_000
    api_rate_per_second: int = Field(default=50, ge=1)
    collect_group_max: int = 500
    collect_queue_max: int = 20_000
    database_pool_size: int = 8

    pipeline_batch: int = 100
    late_click_grace_seconds: int = 30
    delivery_batch: int = Field(default=1_000, ge=1, le=1_000)
    delivery_slots: int = 2
    delivery_streams: int = 64
    # What a lost worker held is due again within half of the promised minute; a request to Meta has ten seconds.
    delivery_lease_seconds: int = 30
    meta_timeout_seconds: float = 10.0
    sweep_interval_ms: int = 1_000
    tracking_retention_days: int = Field(default=180, ge=1)
    # A dead letter can be replayed for seven days.
    delivery_retention_days: int = Field(default=90, ge=8)
    dead_letter_retention_days: int = Field(default=30, ge=8)
    attempt_retention_days: int = Field(default=90, ge=1)
    webhook_retention_days: int = Field(default=90, ge=8)
    buyer_retention_days: int = Field(default=730, ge=90)
    chat_retention_days: int = Field(default=180, ge=1)
    checkpoint_retention_days: int = Field(default=180, ge=30)
    handoff_retention_days: int = Field(default=365, ge=1)
    notification_retention_days: int = Field(default=90, ge=1)
    sign_in_retention_days: int = Field(default=7, ge=1)
    secret_access_retention_days: int = Field(default=365, ge=180)
    audit_retention_days: int = Field(default=1_825, ge=180)
    consent_retention_days: int = Field(default=1_825, ge=365)
    # A budget is of 28 days.
    alert_retention_days: int = Field(default=400, ge=28)
    # The daily round compares 30 days.
    reconciliation_retention_days: int = Field(default=400, ge=31)

    reconciliation_grace_minutes: int = Field(default=15, ge=0)
    reconciliation_calls_per_minute: int = Field(default=60, ge=1)
    reconciliation_streams: int = Field(default=4, ge=1)

    probe_trusted_origins: list[str] = []
    setup_lease_seconds: int = 15
    setup_action_wait_seconds: float = 25.0
    setup_streams: int = 16
    setup_streams_per_tenant: int = 4
    approval_hours: int = 24
    chat_streams: int = 16
    chat_lease_seconds: int = 15
    chat_tool_wait_seconds: float = 20.0
    screenshot_max_bytes: int = 5_242_880
    screenshot_days: int = 30

    otlp_endpoint: str = ""
    otlp_headers: SecretStr = SecretStr("")
    otlp_timeout_seconds: float = Field(default=5.0, gt=0)
    otlp_queue_max: int = Field(default=4_096, ge=1)
    telemetry_ratio: float = Field(default=0.1, ge=0, le=1)
    telemetry_visit_ratio: float = Field(default=0.001, ge=0, le=1)
    telemetry_llm_content: bool = False
    metrics_port: int = 0
    metrics_token: SecretStr = SecretStr("")

    smtp_host: str = ""
    smtp_port: int = 587
    smtp_security: Literal["none", "starttls", "tls"] = "starttls"
    smtp_username: str = ""
    smtp_password: SecretStr = SecretStr("")
    mail_from: str = ""
    support_email_from: str = ""
    support_email_to: str = ""
    support_webhook_url: str = ""
    support_webhook_secret: SecretStr = SecretStr("")
    chatwoot_url: str = ""
    chatwoot_account_id: int = 0
    chatwoot_inbox_id: int = 0
    chatwoot_token: SecretStr = SecretStr("")
    chatwoot_webhook_token: SecretStr = SecretStr("")
    notification_timeout_seconds: float = 10.0

    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr = SecretStr("")
    oidc_name: str = ""

    @field_validator(
        "public_url",
        "internal_url",
        "meta_graph_url",
        "hotmart_auth_url",
        "hotmart_api_url",
        "kiwify_api_url",
        "vault_prefix",
        "vault_aws_endpoint_url",
        "vault_hashicorp_address",
        "llm_base_url",
        "chatwoot_url",
        "otlp_endpoint",
    )
    @classmethod
    def _no_trailing_slash(cls, url: str) -> str:
        return url.rstrip("/")

    @field_validator("public_url")
    @classmethod
    def _known_in_production(cls, url: str, info: ValidationInfo) -> str:
        if not url and info.data.get("environment") == "production":
            raise ValueError(
                "HUB_PUBLIC_URL is needed in production: webhook addresses and sign-in links are made of it,"
                " as https://hub.example.com."
            )
        return url

    @field_validator("probe_trusted_origins")
    @classmethod
    def _not_in_production(cls, origins: list[str], info: ValidationInfo) -> list[str]:
        if origins and info.data.get("environment") == "production":
            raise ValueError("HUB_PROBE_TRUSTED_ORIGINS opens private addresses to the probe; unset it in production.")
        return origins

    @property
    def base_url(self) -> str:
        """Where browsers and gateways reach the hub; no trailing slash."""
        return self.public_url or f"http://{self.host}:{self.port}"

    @property
    def session_database_url(self) -> str:
        """For what needs a session of its own: LISTEN, session locks, checkpoints, migrations."""
        return self.database_direct_url or self.database_url

    @property
    def edge_url(self) -> str:
        """Where the hub's own workers reach its edge; no trailing slash."""
        return self.internal_url or self.base_url

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # An empty variable says "nothing", over the file too; an empty line of the file says nothing at all.
        environment = EnvSettingsSource(settings_cls, env_ignore_empty=False)
        return (init_settings, environment, RuntimeFile(settings_cls, dotenv_settings), dotenv_settings)


class SaidSettings(Settings):
    """Without what a hub that runs wrote: all of its ``model_fields_set`` was said by somebody."""

    @classmethod
    def settings_customise_sources(cls, *args: Any, **kwargs: Any) -> tuple[PydanticBaseSettingsSource, ...]:
        sources = super().settings_customise_sources(*args, **kwargs)
        return tuple(source for source in sources if not isinstance(source, RuntimeFile))


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process; read once. Raises ConfigurationError."""
    return read_settings(Settings)


@contextmanager
def as_settings(variables: Mapping[str, str]) -> Iterator[None]:
    """While it lasts the process has these in its environment, and ``get_settings`` reads them."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    get_settings.cache_clear()
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})
        get_settings.cache_clear()
