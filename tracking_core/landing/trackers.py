"""Third parties a page loads, told by the addresses and calls of their own snippets."""

import re
from enum import StrEnum


class Tracker(StrEnum):
    META_PIXEL = "meta_pixel"
    GOOGLE_TAG_MANAGER = "google_tag_manager"
    GOOGLE_ANALYTICS = "google_analytics"
    GOOGLE_ADS = "google_ads"
    TIKTOK = "tiktok"
    KWAI = "kwai"
    PINTEREST = "pinterest"
    LINKEDIN = "linkedin"
    TABOOLA = "taboola"
    OUTBRAIN = "outbrain"
    HOTJAR = "hotjar"
    CLARITY = "clarity"
    UTMIFY = "utmify"
    RD_STATION = "rd_station"


class ConsentVendor(StrEnum):
    ADOPT = "adopt"
    COMPLIANZ = "complianz"
    COOKIEBOT = "cookiebot"
    COOKIEYES = "cookieyes"
    DIDOMI = "didomi"
    IUBENDA = "iubenda"
    KLARO = "klaro"
    ONETRUST = "onetrust"
    OSANO = "osano"
    PRIVACY_TOOLS = "privacy_tools"
    QUANTCAST = "quantcast"
    TERMLY = "termly"
    USERCENTRICS = "usercentrics"
    OTHER = "other"


_TRACKERS = {
    Tracker.META_PIXEL: r"connect\.facebook\.net/|\bfbq\s{0,9}\(|facebook\.com/tr\b",
    Tracker.GOOGLE_TAG_MANAGER: r"googletagmanager\.com/(?:gtm\.js|ns\.html)|['\"]gtm-[a-z0-9]{4,10}['\"]",
    Tracker.GOOGLE_ANALYTICS: r"google-analytics\.com/|gtag/js\?id=(?:g|ua)-|['\"](?:g|ua)-[a-z0-9-]{4,14}['\"]",
    Tracker.GOOGLE_ADS: r"googleadservices\.com/|gtag/js\?id=aw-|['\"]aw-[0-9]{6,12}",
    Tracker.TIKTOK: r"analytics\.tiktok\.com/|\bttq\.(?:load|page|track)\b",
    Tracker.KWAI: r"kwai\.net/kos/|\bkwaiq\.(?:load|page|track)\b",
    Tracker.PINTEREST: r"s\.pinimg\.com/ct/",
    Tracker.LINKEDIN: r"snap\.licdn\.com/",
    Tracker.TABOOLA: r"cdn\.taboola\.com/libtrc/",
    Tracker.OUTBRAIN: r"amplify\.outbrain\.com/",
    Tracker.HOTJAR: r"static\.hotjar\.com/",
    Tracker.CLARITY: r"clarity\.ms/tag/",
    Tracker.UTMIFY: r"cdn\.utmify\.com\.br/",
    Tracker.RD_STATION: r"d335luupugsy2\.cloudfront\.net/",
}
_VENDORS = {
    ConsentVendor.ADOPT: r"goadopt\.io/",
    ConsentVendor.COMPLIANZ: r"complianz-gdpr/|\bcmplz_",
    ConsentVendor.COOKIEBOT: r"consent\.cookiebot\.(?:com|eu)/",
    ConsentVendor.COOKIEYES: r"cdn-cookieyes\.com/|/cookie-law-info/",
    ConsentVendor.DIDOMI: r"sdk\.privacy-center\.org/|\.didomi\.io/",
    ConsentVendor.IUBENDA: r"cdn\.iubenda\.com/cs/|iubenda_cs",
    ConsentVendor.KLARO: r"/klaro(?:\.min)?\.js|\bklaroconfig\b",
    ConsentVendor.ONETRUST: r"cdn\.cookielaw\.org/|onetrust\.com/",
    ConsentVendor.OSANO: r"cmp\.osano\.com/",
    ConsentVendor.PRIVACY_TOOLS: r"privacytools\.com\.br/",
    ConsentVendor.QUANTCAST: r"cmp\.(?:quantcast|inmobi)\.com/",
    ConsentVendor.TERMLY: r"app\.termly\.io/",
    ConsentVendor.USERCENTRICS: r"\.usercentrics\.eu/",
}
_TRACKER_SIGNS = {tracker: re.compile(sign, re.IGNORECASE) for tracker, sign in _TRACKERS.items()}
_VENDOR_SIGNS = {vendor: re.compile(sign, re.IGNORECASE) for vendor, sign in _VENDORS.items()}

# Banners of a page builder or theme are told by how their own elements are called.
_OWN_BANNER = re.compile(
    r"cookie[-_]?(?:consent|banner|notice|bar|law|popup|modal)|lgpd[-_]?(?:banner|bar|modal|popup|cookie|consent)"
    r"|consent[-_]?(?:banner|modal|manager|popup)",
    re.IGNORECASE,
)
_IN_ATTRIBUTE = re.compile(r"""\b(?:id|class)\s?=\s?["']?[^"'<>]{0,120}$""", re.IGNORECASE)
_LOOKED_AT = 50

# Meta's ids have 15 or 16 digits. ``pixelIds`` is the setting of a WordPress plugin that makes the call itself.
_PIXEL_IDS = re.compile(
    r"""fbq\s{0,9}\(\s{0,9}\\?["']init\\?["']\s{0,9},\s{0,9}\\?["']?([0-9]{15,16})(?![0-9])"""
    r"""|facebook\.com/tr/?\?(?:[\w=.%-]{0,99}&(?:amp;)?){0,9}id=([0-9]{15,16})(?![0-9])"""
    r"""|"pixelIds":\["([0-9]{15,16})["]""",
)
PIXELS_MAX = 10


def trackers_in(evidence: str) -> tuple[Tracker, ...]:
    """``evidence`` is the addresses a page loads and the text of its scripts."""
    return tuple(tracker for tracker, sign in _TRACKER_SIGNS.items() if sign.search(evidence))


def pixel_ids_in(evidence: str) -> tuple[str, ...]:
    """Each id once, in the page's order, at most PIXELS_MAX."""
    found = (next(filter(None, match.groups())) for match in _PIXEL_IDS.finditer(evidence))
    return tuple(dict.fromkeys(found))[:PIXELS_MAX]


def consent_vendor_in(evidence: str, html: str) -> ConsentVendor | None:
    for vendor, sign in _VENDOR_SIGNS.items():
        if sign.search(evidence):
            return vendor
    return ConsentVendor.OTHER if _has_own_banner(html) else None


def _has_own_banner(html: str) -> bool:
    for seen, match in enumerate(_OWN_BANNER.finditer(html)):
        if seen == _LOOKED_AT:
            break
        if _IN_ATTRIBUTE.search(html, max(0, match.start() - 160), match.start()):
            return True
    return False
