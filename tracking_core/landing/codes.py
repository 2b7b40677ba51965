"""What a visit to a seller's page can come to, and what to tell the seller. The codes are API: add, don't rename."""

from enum import StrEnum

from tracking_core.setup.outcome import Fault, Meaning


class UrlCode(StrEnum):
    OK = "url_ok"

    MALFORMED = "url_malformed"
    UNREACHABLE = "url_unreachable"
    TIMEOUT = "url_timeout"
    TLS_INVALID = "url_tls_invalid"
    TOO_LARGE = "url_too_large"
    UNREADABLE = "url_unreadable"
    TOO_MANY_REDIRECTS = "url_too_many_redirects"
    REDIRECT_LOOP = "url_redirect_loop"
    REDIRECT_BROKEN = "url_redirect_broken"
    REDIRECTED_ELSEWHERE = "url_redirected_elsewhere"
    REDIRECTED_TO_LOGIN = "url_redirected_to_login"
    DOWNGRADED = "url_downgraded"
    NOT_FOUND = "url_not_found"
    ACCESS_REFUSED = "url_access_refused"
    HTTP_ERROR = "url_http_error"
    SERVER_ERROR = "url_server_error"
    NOT_HTML = "url_not_html"
    TOO_LONG = "url_too_long"

    # Warnings: the page is there, and something on it should be mended.
    SCRIPT_MISSING = "url_script_missing"
    SCRIPT_WRONG_KEY = "url_script_wrong_key"
    SCRIPT_OTHER_HUB = "url_script_other_hub"
    SCRIPT_INSECURE = "url_script_insecure"
    SCRIPT_DELAYED = "url_script_delayed"
    TAG_MANAGER = "url_tag_manager_may_add"
    PIXEL_MISSING = "url_pixel_missing"
    PIXEL_OTHER_DATASET = "url_pixel_other_dataset"
    CONSENT_BANNER_MISSING = "url_consent_banner_missing"
    CONSENT_NEVER_ASKED = "url_consent_never_asked"
    CONSENT_NOT_AWAITED = "url_consent_not_awaited"
    CHECKOUT_LINK_MISSING = "url_checkout_link_missing"
    CHECKOUT_LINK_CANNOT_CARRY = "url_checkout_link_cannot_carry"
    SLOW = "url_slow"
    HTTP_ONLY = "url_http_only"


WARNINGS = frozenset(list(UrlCode)[list(UrlCode).index(UrlCode.SCRIPT_MISSING) :])


def _seller(message: str, recommendation: str) -> Meaning:
    return Meaning(Fault.SELLER, message, recommendation)


# Placeholders: host (where the address leads), status, seconds.
MEANINGS: dict[UrlCode, Meaning] = {
    UrlCode.OK: Meaning(Fault.NOBODY, "The page opens as it should."),
    UrlCode.MALFORMED: _seller(
        "This is not a web address that can be opened.",
        "Send the whole address of the page, beginning with https:// and without a user name or password.",
    ),
    UrlCode.UNREACHABLE: _seller(
        "The page could not be reached.",
        "Check that the address opens in a browser, outside your own network and without a port number, and try again.",
    ),
    UrlCode.TIMEOUT: _seller(
        "The page took too long to answer.",
        "Ask whoever hosts the page why it is slow, and try again.",
    ),
    UrlCode.TLS_INVALID: _seller(
        "The site's security certificate is not valid, so browsers warn your visitors.",
        "Ask whoever hosts the page to renew the HTTPS certificate for this exact address.",
    ),
    UrlCode.TOO_LARGE: _seller(
        "The page is larger than 2 MB before its images, which is too large to check.",
        "Take out what is pasted into the page itself, such as images and fonts, or send a lighter page.",
    ),
    UrlCode.UNREADABLE: _seller(
        "The site answered something that cannot be read as a page.",
        "Check that the address opens in a browser, and show this result to whoever hosts the page.",
    ),
    UrlCode.TOO_MANY_REDIRECTS: _seller(
        "The address redirects too many times.",
        "Send the address where the page opens in the end, or remove redirects in between.",
    ),
    UrlCode.REDIRECT_LOOP: _seller(
        "The address redirects in a circle.",
        "Correct the redirects of the site; visitors without cookies cannot open the page.",
    ),
    UrlCode.REDIRECT_BROKEN: _seller(
        "The address redirects to something that is no web address.",
        "Correct the redirect of the page at whoever hosts it.",
    ),
    UrlCode.REDIRECTED_ELSEWHERE: _seller(
        "The address leads to another site, {host}.",
        "If that is your page, send its own address; if it is not, find out who redirects your visitors.",
    ),
    UrlCode.REDIRECTED_TO_LOGIN: _seller(
        "The address leads to a login page.",
        "Send the address of the public sales page, the one your ads lead to.",
    ),
    UrlCode.DOWNGRADED: _seller(
        "The address leads from https to http, which is not secure.",
        "Correct the redirect so that the page stays on https.",
    ),
    UrlCode.NOT_FOUND: _seller(
        "There is no page at this address (error {status}).",
        "Check the spelling of the address and that the page is published.",
    ),
    UrlCode.ACCESS_REFUSED: _seller(
        "The site refused the visit (error {status}).",
        "Make the page public, or let the user agent HubProbe through the site's firewall or robot protection.",
    ),
    UrlCode.HTTP_ERROR: _seller(
        "The page answered with error {status}.",
        "Check that the page opens in a private window of your browser, and try again.",
    ),
    UrlCode.SERVER_ERROR: _seller(
        "The site has a fault of its own (error {status}).",
        "Ask whoever hosts the page to mend it, and try again.",
    ),
    UrlCode.NOT_HTML: _seller(
        "The address opens a file and not a page.",
        "Send the address of the page your ads lead to.",
    ),
    UrlCode.TOO_LONG: _seller(
        "The address of the page is longer than 2,000 characters.",
        "Send the page's own address, without what comes after it in a link, or have the page moved to a shorter one.",
    ),
    UrlCode.SCRIPT_MISSING: _seller(
        "The tracking script was not found on the page.",
        "Put the script's tag in the <head> of the page; without it clicks are not recorded.",
    ),
    UrlCode.SCRIPT_WRONG_KEY: _seller(
        "The tracking script on the page has a key that is not of this account.",
        "Replace the tag on the page with the one shown in this setup.",
    ),
    UrlCode.SCRIPT_OTHER_HUB: _seller(
        "The page loads a tracking script from another address.",
        "Replace the tag on the page with the one shown in this setup, and remove the old one.",
    ),
    UrlCode.SCRIPT_INSECURE: _seller(
        "The tracking script is loaded by http on an https page, and browsers block it.",
        "Change the tag on the page so that its address begins with https://.",
    ),
    UrlCode.SCRIPT_DELAYED: _seller(
        "A speed plugin of the site holds the tracking script back until the visitor moves.",
        "Exclude t.js from the script delay in the plugin's settings, so that no click is lost.",
    ),
    UrlCode.TAG_MANAGER: _seller(
        "The page uses a tag manager, and what it adds cannot be seen from here.",
        "If the script or the pixel is installed by the tag manager, check there that its tag is published.",
    ),
    UrlCode.PIXEL_MISSING: _seller(
        "No Meta pixel was found on the page.",
        "Install the pixel of the chosen dataset if you want Meta to see visits from the browser too.",
    ),
    UrlCode.PIXEL_OTHER_DATASET: _seller(
        "The Meta pixel on the page is not the one of the chosen dataset.",
        "Use the same pixel on the page and in this setup, or Meta counts visits and sales apart.",
    ),
    UrlCode.CONSENT_BANNER_MISSING: _seller(
        "We found nothing on your page that asks visitors about cookies.",
        "The law on personal data (LGPD) may want it asked. If it does in your case, install a cookie notice in your"
        " page builder and send the address again; if not, go on: nothing is held up.",
    ),
    UrlCode.CONSENT_NEVER_ASKED: _seller(
        "No visit is noted: our script waits until the visitor accepts cookies, and we found nothing that asks.",
        "If you want to ask, install a cookie notice, and have whoever installs it call hub.consent(true) when the"
        ' visitor accepts. If you need not ask, delete data-consent="required" from our script.'
        " Then send the address again.",
    ),
    UrlCode.CONSENT_NOT_AWAITED: _seller(
        "Your page asks about cookies, but our script does not wait for the answer: who says no may be counted.",
        'Add data-consent="required" to our script, and have whoever looks after the cookie notice call'
        " hub.consent(true) when the visitor accepts and hub.consent(false) when not. Then send the address again.",
    ),
    UrlCode.CHECKOUT_LINK_MISSING: _seller(
        "No link to a checkout was found on the page.",
        "Check that the page's button is a link to the checkout, or that the page after it has one and the script.",
    ),
    UrlCode.CHECKOUT_LINK_CANNOT_CARRY: _seller(
        "A checkout on the page cannot carry the click id, so its sales cannot be traced to an ad.",
        "Make it a link to the checkout's own address, and name hosts of your own in data-checkout of the tag.",
    ),
    UrlCode.SLOW: _seller(
        "The page took {seconds} seconds to answer.",
        "Ask whoever hosts the page to make it faster; slow pages lose visitors you paid for.",
    ),
    UrlCode.HTTP_ONLY: _seller(
        "The page is not on https.",
        "Ask whoever hosts the page for an HTTPS certificate and redirect visitors to it.",
    ),
}
