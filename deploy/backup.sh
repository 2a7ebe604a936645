#!/bin/sh
# Writes a backup of PostgreSQL into a folder, and the list of erasures beside it, not into it: docs/upgrading.md tells
# how both are brought back. Keeps the newest KEEP (14) of them. Reads DATABASE_URL; PYTHON is the interpreter.
set -eu
umask 077
folder=${1:?name the folder for the backups}
mkdir -p "$folder"
name=$(date -u +%Y%m%dT%H%M%SZ)
pg_dump --format=custom --no-owner --no-privileges --file="$folder/$name.part" "${DATABASE_URL:?set it to the address of PostgreSQL, as for the program}"
mv "$folder/$name.part" "$folder/$name.dump"
"${PYTHON:-python}" -m bot replay-erasures --write "$folder/erasures.jsonl"
# Backups must not outlive what they were made of: whoever was erased is still in them.
ls -1 "$folder"/*.dump | sort -r | tail -n "+$((${KEEP:-14} + 1))" | while read -r old; do rm -- "$old"; done
echo "$folder/$name.dump"
