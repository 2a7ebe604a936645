"""The room of use cases: what happens to a message from its arrival to the answer, and what is done for operators.

`receive` stores what a channel posted; `converse` answers it; `deliver` sends the answers. What a conversation can't
do by itself it leaves as a task: `fulfil` works them off, `rights` does them. `erase` erases a person from all `places`
of personal data; `retention` ends and forgets what is over. `ports` says what they need from the outside.

Comes in: bytes from `bot.web`, and what the stores return; goes out: commits and requests to channels. Knows no Redis,
no PostgreSQL and no WhatsApp.
"""
