"""consentbot: consent under a WhatsApp business number.

A message passes the rooms in this order: `channels` (bytes → `Inbound`), `web` (stores it), `service` (use cases),
`conversation` (what is said) with `consent` (what the law asks) and `i18n`, `stores` (where it rests), and
`channels` again (`Outbound` → bytes). Start reading at `bot.service`.
"""

__version__ = "0.1.0"
