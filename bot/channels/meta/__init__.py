"""WhatsApp at Meta's Cloud API: the host that speaks the dialect of `bot.channels.whatsapp`.

`webhooks` asks `signature` whether a POST is Meta's and the dialect what it says. `client` posts messages over `http`,
a pool of connections of our own that reads each `http_response`, and so `threads` takes a chat and gives it back;
`media` uploads documents and deletes them with aiohttp's client, as is done for all other connections.
"""
