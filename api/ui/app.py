"""The pages' routes, added to the application."""

from fastapi import FastAPI

from api.ui import static_files
from api.ui.alerts import pages as alerts
from api.ui.chat import pages as chat
from api.ui.compression import CompressedPages
from api.ui.desk import pages as desk
from api.ui.home import pages as home
from api.ui.lawful import pages as lawful
from api.ui.operations import pages as operations
from api.ui.people import pages as people
from api.ui.privacy import pages as privacy
from api.ui.reconciliation import pages as reconciliation
from api.ui.security import PageHeaders
from api.ui.setup import checks, device, events, plan
from api.ui.setup import pages as setup
from api.ui.sign_in import pages as sign_in
from api.ui.status import embedded
from api.ui.status import pages as status
from tracking_core.settings import Settings


def install(app: FastAPI, settings: Settings) -> None:
    """Raises ConfigurationError when the scripts of the pages are not installed."""
    static_files.files()
    app.add_middleware(PageHeaders, settings=settings)
    app.add_middleware(CompressedPages)
    for module in (
        static_files,
        home,
        sign_in,
        people,
        setup,
        checks,
        plan,
        device,
        events,
        status,
        embedded,
        chat,
        desk,
        operations,
        alerts,
        reconciliation,
        lawful,
        privacy,
    ):
        app.router.routes += module.router.routes
