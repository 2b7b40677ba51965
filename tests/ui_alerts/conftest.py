"""Two shops, and a seller and an operator who look at their alerts without a script."""

from tests.alert_channels.conftest import receiver, running_receiver
from tests.pipeline.conftest import shop
from tests.reporting.conftest import ana, beto
from tests.ui_operations.conftest import app, enter, olga, seller

__all__ = ["ana", "app", "beto", "enter", "olga", "receiver", "running_receiver", "seller", "shop"]
