"""The rooms where data rests. They implement what `bot.service.ports` asks for and are known only to `bot.runtime`.

`redis` holds what may be lost and is fast: inbox, sessions, outbox, timers. `postgres` holds what may not: persons
and the ledger. Each tells what it holds of a person, and erases it (`places`). `erasure_list` is a file beside both, so
that no restored backup brings back somebody who was erased.
"""
