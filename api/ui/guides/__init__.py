"""Guides with pictures: where a seller finds each value that the setup asks for."""

from api.ui.guides.guide import Guide, Place
from api.ui.guides.registry import GUIDES, guide_for

__all__ = ["GUIDES", "Guide", "Place", "guide_for"]
