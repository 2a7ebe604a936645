"""The room of what is said: flows, texts, the meaning of typed words, and the step of a dialogue. Pure.

Comes in: what a person sent, and where they stand in a dialogue; goes out: where they stand next, and what to say, to
record, and to have done elsewhere (`task`). No clock, no store, no channel; what is recorded is judged next door, in
`bot.consent`.
"""
