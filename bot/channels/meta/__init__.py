"""WhatsApp at Meta's Cloud API: the host that speaks the dialect of `bot.channels.whatsapp`.

`webhooks` asks `signature` whether a POST is Meta's and the dialect what it says. `client` sends over `http`, which
reads each `http_response`; `media` uploads documents and deletes them.
"""
