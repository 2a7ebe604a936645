"""Storage: implements the ports of `bot.service`. Only `bot.app` imports it.

`redis` holds what must be fast and may be lost: inbox, sessions, outbox, tasks, timers. `postgres` holds what must not
be lost: persons, the ledger, requests, and what erasures left behind. Both can export and erase what they hold about a
person (`data_holders`). `erasure_list` is a file outside both, so that no restored backup brings back an erased person.
"""
