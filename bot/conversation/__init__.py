"""What is said: flows and the step of a dialogue. Pure.

In: what a person sent, and where they are in a dialogue; out: where they are next, and what to say, record
and do elsewhere (a `Task`). No clock, no store, no channel. `bot.words` tells what a typed text means; `bot.consent`
decides what may be recorded.

`dialogue` is the one entry. It decides what a message is, and leaves the rest to `taps`, `answers`, `withdrawals`,
`corrections`, `overhearing` or, if nothing claims it, `fallback`; these ask through `questions`, and move the session
through the methods of `navigation.DialogueTurn`.
"""
