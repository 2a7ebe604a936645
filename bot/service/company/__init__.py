"""What the company starts: opt-ins that it passes on, and messages that it wants to send.

In: calls by the API, for a token or an operator; out: events in the inbox, and messages through `bot.service.sending`.
"""
