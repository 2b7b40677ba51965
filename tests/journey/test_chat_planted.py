"""Credentials of a whole conversation, by every way in, stand in clear in no table, log, event, answer, prompt or
notification."""

import base64
import random
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
from PIL import Image

from api.cli.supervisor import CommandService
from evals.stack import Stack, wait_for
from tests.journey.endpoint import Endpoint
from tests.journey.kiwify import Account
from tests.journey.seller import SESSIONS, Seller, Watcher
from tests.journey.site import Site
from tests.secrets import planted, search
from tests.secrets.echoing_meta import HOLDING, EchoingMeta
from tests.secrets.planted import Planted
from tracking_core.kit.ids import new_hex

CONTROL = "CONTROLE4711PLANTADO"


def _token(name: str) -> str:
    """As Meta's look."""
    return f"EAA{name}{new_hex()}{new_hex()}Zq7"
