"""Channels: each folder is a way to reach people and keeps its platform's dialect to itself.

In: bytes that a platform posted, and each `Outbound` to be sent; out: `Inbound` and `Delivery` events, and requests to
the platform. Only `bot.app` imports it, and lists each folder's `Provider` in `bot.app.channels`.
`bot.service.ports` says what is expected of a channel, `docs/developer.md` how to add a channel.
"""
