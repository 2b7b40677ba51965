"""The queues of work that may be late: what a delay is about."""

from enum import StrEnum


class Queue(StrEnum):
    WEBHOOKS = "webhooks"
    DELIVERIES = "deliveries"
    SETUP = "setup"
    CHAT = "chat"
    NOTIFICATIONS = "notifications"
    ALERT_MESSAGES = "alert_messages"
    ERASURES = "erasures"
    RECONCILIATIONS = "reconciliations"


# What is late in one of these is a sale.
OF_SALES = (Queue.WEBHOOKS, Queue.DELIVERIES)
