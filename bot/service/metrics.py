"""The metrics. Labels come from closed sets, so no metric can carry personal data."""

import re

from prometheus_client import Counter, Gauge, Histogram

WEBHOOKS = Counter("consentbot_webhooks", "Webhooks by outcome", ["outcome"])
EVENTS = Counter("consentbot_events", "Updates in webhooks by what became of them", ["outcome"])
MESSAGES = Counter("consentbot_messages", "Messages and events answered, by kind", ["kind"])
EVIDENCE = Counter("consentbot_ledger_entries", "Entries added to the ledger, by kind", ["kind"])
SENT = Counter("consentbot_sent", "Messages that were to be sent, by outcome", ["outcome"])
WITHHELD = Counter("consentbot_withheld", "Messages withheld because they may no longer be sent, by reason", ["reason"])
REFUSALS = Counter("consentbot_send_errors", "Refusals by the channel, by its code", ["code"])
STATUSES = Counter("consentbot_statuses", "Delivery statuses that were news", ["status"])
EVENT_DELIVERIES = Counter(
    "consentbot_event_deliveries", "Attempts to send an event to an endpoint, by outcome", ["outcome"]
)
DEAD = Counter("consentbot_dead_letters", "What could not be processed, by kind", ["kind"])
UNPLACED = Counter("consentbot_unplaced_updates", "Updates of webhooks put aside unread, by reason", ["reason"])
REPAIRED = Counter(
    "consentbot_repaired_updates",
    "Updates of webhooks read although they were not as documented, by kind of deviation",
    ["what"],
)
HANDED_OVER = Counter("consentbot_handed_over", "Messages for the host's bot, by outcome", ["outcome"])
TASKS = Counter("consentbot_tasks", "Tasks for persons about their data, by outcome", ["work", "outcome"])
RETENTION = Counter("consentbot_retention", "What ended or was forgotten because its time was over", ["what"])
DOWNLOADS = Counter("consentbot_downloads", "Requests for the page of MY DATA and its file, by outcome", ["outcome"])
CALLS = Counter(
    "consentbot_api_calls", "Calls of the REST API, by operation and kind of status", ["operation", "status"]
)
INCIDENTS = Counter("consentbot_incidents", "Incidents that the program cannot prevent, by kind", ["kind"])
FAILURES = Counter("consentbot_failures", "Rounds of a worker that failed and are repeated", ["worker"])

_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

ACKNOWLEDGED = Histogram("consentbot_webhook_seconds", "From a webhook's arrival to its answer", buckets=_SECONDS)
ANSWERED = Histogram("consentbot_answer_seconds", "From a message's arrival to its commit", buckets=_SECONDS)
SENDING = Histogram("consentbot_send_seconds", "Duration of a request to the channel", buckets=_SECONDS)

QUEUED = Gauge("consentbot_queued", "Unfinished entries of a queue, all shards together", ["queue"])
UNREAD = Gauge("consentbot_unread_seconds", "How long the oldest message has waited that no worker has read", ["queue"])
REQUESTS = Gauge(
    "consentbot_requests", "Requests about personal data that wait for the company, by how near their day is", ["due"]
)
EVENTS_WAITING = Gauge("consentbot_events_waiting", "Events that an endpoint has not got, by its id", ["endpoint"])
EVENTS_OLDEST = Gauge(
    "consentbot_events_oldest_seconds", "Age of the oldest event that an endpoint has not got, by its id", ["endpoint"]
)
EVENTS_DEAD = Gauge("consentbot_events_dead", "Events given up for an endpoint, by its id", ["endpoint"])
HALTED = Gauge("consentbot_sending_halted", "1 while nothing can be sent until an operator acts")


_MOST_CODES = 200

_plain_code = re.compile(r"[0-9]{1,6}|[a-z]([a-z_]{0,38}[a-z])?").fullmatch

_codes: set[str] = set()


def refused(code: str) -> None:
    """Count a refusal by the channel, with its error code."""
    REFUSALS.labels(code_label(code)).inc()


def code_label(code: str) -> str:
    """Return the label for a channel's error code: plain words and numbers, and never more than a few hundred."""
    if code not in _codes:
        if len(_codes) >= _MOST_CODES or not _plain_code(code):
            return "other"
        _codes.add(code)
    return code
