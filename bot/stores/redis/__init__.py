"""Redis or Valkey, 7.2 or newer: inbox, sessions, outbox, timers, dead letters. One Lua script for each atomic change.

All keys of a shard share a hash tag (`{s00}:inbox`), so a shard lies in one slot of a Cluster. Keys hold keyed
hashes, never an address.
"""
