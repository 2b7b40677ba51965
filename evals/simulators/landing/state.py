"""What the page holds and does at the moment; changed by ``/_control/page``."""

from dataclasses import dataclass, field
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from evals.simulators.landing.faults import Fault

_Text = Annotated[str, Field(max_length=2_000)]

HOTMART = "https://pay.hotmart.com/A1234567B"
KIWIFY = "https://pay.kiwify.com.br/AbCdE12"


class Settings(BaseModel):
    """``script`` is the address of ``t.js`` with its key, empty for a page without it; ``fault`` plays at ``/ok``;
    ``other_host`` is where ``other-host`` leads; ``seconds`` is the wait of ``slow`` and of each byte of ``drip``;
    ``megabytes`` are those of ``huge`` and ``bomb``."""

    model_config = ConfigDict(extra="forbid")

    script: _Text = ""
    consent_required: bool = False
    consent_banner: bool = True
    pixel_id: Annotated[str, Field(pattern=r"^[0-9]{0,20}$")] = "123456789012345"
    checkouts: Annotated[list[_Text], Field(max_length=50)] = [HOTMART, KIWIFY]
    fault: Fault | None = None
    other_host: _Text = "http://other.example/"
    seconds: Annotated[float, Field(ge=0, le=600)] = 0.05
    megabytes: Annotated[int, Field(ge=1, le=200)] = 100


@dataclass
class State:
    settings: Settings = field(default_factory=Settings)
    visits: int = 0
