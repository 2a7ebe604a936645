"""WhatsApp at Meta's Cloud API: the host that speaks the dialect of `bot.channels.whatsapp`.

`provider` is what the registry of channels takes, and `doctor` asks Meta what an operator should know. `webhooks` says
whether a POST is Meta's, and asks the dialect what it says. `client` posts messages over `http`, a pool of connections
of our own that reads each `http_response`, and so `threads` takes a chat and gives it back; `media` uploads documents
and deletes them with aiohttp's client, as is done for all other connections.
"""
