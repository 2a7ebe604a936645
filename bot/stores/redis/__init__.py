"""Redis or Valkey, 7.2 or newer: inbox, sessions, outbox, tasks, timers, dead letters. One Lua script for each change.

A person's messages form a lane (`lanes.lua`): one of them is in the outbox, the others wait behind it.

All keys of a shard share a hash tag (`{s00}:inbox`), so a shard fits in one slot of a Cluster. Keys contain keyed
hashes, never an address.
"""
