"""The room of use cases: what happens to a message from its arrival to the answer, and what is done for operators.

`receive` stores what a channel posted; `converse` answers it; `deliver` sends the answers. `ports` says what they
need from the outside. Comes in: bytes from `bot.web`, and what the stores return; goes out: commits and requests
to channels. Knows no Redis, no PostgreSQL and no WhatsApp.
"""
