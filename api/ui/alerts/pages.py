"""Every page of the alerts, at the places that have it."""

from fastapi import APIRouter

from api.ui.alerts import channels, objectives, settings, silences
from api.ui.alerts.places import HUB, OF_TENANT, SELLER, through_hub, through_seller, through_tenant

router = APIRouter(include_in_schema=False)
router.include_router(objectives.router)
router.include_router(silences.router)
for base, enter in ((HUB, through_hub), (OF_TENANT, through_tenant), (SELLER, through_seller)):
    for one in (settings.router, channels.router):
        router.include_router(one, prefix=base, dependencies=[enter])
for base, enter in ((HUB, through_hub), (OF_TENANT, through_tenant)):
    router.include_router(settings.thresholds, prefix=base, dependencies=[enter])
