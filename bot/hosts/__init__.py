"""Puts consentbot in front of a bot that a company already has: one module for each kind of bot.

In: the host's application and its function; out: our routes in that application, and our work in its event loop.
`bot.service.hand_over` passes the messages. May import every other folder; only `bot` itself imports it.
"""
