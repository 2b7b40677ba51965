"""Meta's error numbers as one sentence a seller or operator can act on. The sentences are gettext msgids."""

from typing import Final

REFUSED_PROOF: Final = (
    "The app secret saved here is not the one of the app that made the token. Copy it again from the app's settings in "
    "Meta, or remove it."
)
BY_SUBCODE: Final = {
    (100, 33): "Meta does not find this dataset, or the token has no right to it. Check the dataset ID and give the "
    "token's system user access to the dataset.",
    (100, 2804001): "Meta refused the ad click identifier (fbc) because it is not well formed. Check whether something "
    "on your pages changes the click ID.",
    (100, 2804003): "The event is more than 7 days old, and Meta no longer takes it.",
    (100, 2804004): "The event is dated in the future. Check the clock of the server and the sale date the gateway "
    "sent.",
    (100, 2804009): "The purchase has no value. Check the price in the gateway's sale data.",
    (100, 2804010): "The purchase has no currency. Check the currency in the gateway's sale data.",
    (100, 2804011): "Meta does not take this currency. Sell in another currency or send the value in one Meta takes.",
    (100, 2804016): "A field in the event's custom data is not allowed by Meta. Take it out and send the event again.",
    (100, 2804019): "A required field is missing in the event. Read Meta's own message for its name.",
    (100, 2804050): "There is too little customer data for Meta to find the buyer. Ask for e-mail and phone at the "
    "checkout.",
    (190, 458): "The app that made the token was removed from the account. Create a new token in Meta and save it "
    "here.",
    (190, 459): "Meta wants the owner of the token to confirm their identity. Log in to Facebook, confirm, and test "
    "the token again.",
    (190, 460): "The token stopped working because its owner changed the password. Create a new token and save it "
    "here.",
    (190, 463): "The token has expired. Create a new token in Events Manager and save it here.",
    (190, 464): "The Facebook account that owns the token is not confirmed. Confirm it and create a new token.",
    (190, 467): "The token is no longer valid. Create a new token in Events Manager and save it here.",
    (190, 492): "The token's session is no longer valid. Create a new token in Events Manager and save it here.",
}
BY_CODE: Final = {
    10: "The token lacks the permission to send events to this dataset. Give it that permission in the Business "
    "Manager.",
    105: "The event has more fields than Meta takes. Remove the extra fields and send it again.",
    190: "Meta does not accept this token. Create a new token in Events Manager and save it here.",
    368: "Meta blocked this account for a while for breaking a policy. Open the account's quality page in Meta to see "
    "why.",
    506: "Meta refused the event as a repeat of one it already has.",
    803: "Meta does not know the dataset ID. Check it in Events Manager.",
}
BY_FAILURE: Final = {
    "transient": "Meta had a passing problem or did not answer. The event is sent again automatically.",
    "throttled": "Meta asked for fewer requests. Sending slows down and continues automatically.",
    "credential": "The token does not work any more. Sending waits until a working token is saved here.",
    "permission": "The token may not send to this dataset. Sending waits until access is given in the Business "
    "Manager.",
    "payload": "Meta refused the event's data. Read Meta's own message, correct the data and send it again.",
    "unknown": "Meta answered with an error we do not know. It is tried a few more times; read Meta's own message.",
}
