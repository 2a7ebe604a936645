"""The use cases: what happens to a message from its arrival to the answer, and what is done for operators.

`incoming` stores what a channel posted and answers it; `sending` sends the answers; `rights` does what persons ask for
about their data; `operators` what the company's own people ask for. `hand_over` serves a host's bot, `retention` ends
and deletes what is over, `worker` runs the rounds of a process. `ports` says what they need from the outside.

In: bytes from `bot.web`, and what the stores return. Out: commits, and requests to channels. Knows nothing of Redis,
PostgreSQL or WhatsApp.
"""
