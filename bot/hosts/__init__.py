"""Puts consentbot in front of a bot that a company already has: one module for each kind of bot.

Comes in: the host's application and its function; goes out: our routes in that application, and our work in its event
loop. `bot.service.hand_over` passes the messages. May import every other folder; nothing but `bot` imports it.
"""
