"""What a page says of each kind of data: its name, and what goes when its time is over. English msgids."""

from typing import Final

from tracking_core.retention.kinds import Effect, Kind

EFFECTS: Final = {
    Effect.DROPPED: "Deleted by whole weeks",
    Effect.DELETED: "Deleted",
    Effect.EMPTIED: "Emptied; the row stays",
}
KINDS: Final = {
    Kind.TRACKING_EVENTS: ("Browser events", "Clicks, page views and started checkouts."),
    Kind.BROWSER_DELIVERIES: ("Browser events told to Meta", "What was sent, with every attempt."),
    Kind.SALE_DELIVERIES: ("Sales told to Meta", "What was sent. That it was sent stays."),
    Kind.DEAD_LETTERS: ("Contents of dead letters", "What could not be sent. The letter and its reason stay."),
    Kind.ATTEMPT_RESPONSES: ("Answers of Meta", "The text of each answer. Its numbers and times stay."),
    Kind.RAW_WEBHOOKS: ("Raw webhooks", "The body. That it came, when, and what became of it stays."),
    Kind.BUYERS: ("Buyers of sales", "Who bought, and by which click. The sale, its money and all totals stay."),
    Kind.CHATS: ("Chats of setups", "Messages, what was seen live, and the seller's contact."),
    Kind.SCREENSHOTS: ("Screenshots", "The picture and what was read from it."),
    Kind.CHECKPOINTS: ("Checkpoints of the agent", "Those of setups that nobody touched for so long."),
    Kind.HANDOFFS: ("Closed cases of the support desk", "The case with its notes and notifications."),
    Kind.NOTIFICATIONS: ("Notifications", "Those of closed cases."),
    Kind.SIGN_INS: ("Sign-ins", "Used links, ended browsers and counted attempts."),
    Kind.SECRET_ACCESSES: ("Uses of credentials", "Who opened which credential, for what."),
    Kind.AUDIT_LOG: ("Audit log", "Who did what to which thing."),
    Kind.CONSENT_RECORDS: ("Proofs of consent", "Each answer. What counts today stays for ever."),
    Kind.ALERTS: ("Alerts that are over", "And the messages that told of them."),
    Kind.GATEWAY_LISTS: ("Lists of the gateways", "What was compared with the ledger, day by day."),
    Kind.CLOSED_SHOPS: ("Closed shops", "What they leave behind of people. Counted are shops."),
    Kind.EVENT_CLAIMS: (
        "Claims of browser events",
        "By which a repeated event is known. Those of sales stay for ever.",
    ),
    Kind.RETENTION_RUNS: ("Runs of retention", "The record that this page shows."),
}
