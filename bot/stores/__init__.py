"""The rooms where data rests. They implement what `bot.service` asks for; only who puts a process together comes in.

`redis` holds what is fast and may be lost: inbox, sessions, outbox, tasks, timers. `postgres` holds what may not:
persons, the ledger, requests, and what erasures left. Each tells what it holds of a person, and erases it (`places`).
`erasure_list` is a file beside both, so that no restored backup brings back somebody who was erased.
"""
