#!/usr/bin/env bash
# Makes the secrets of compose.yaml, once: deploy/secrets.sh. Files that are there are left alone.
set -euo pipefail
umask 077
folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/secrets
mkdir -p "$folder"
cd "$folder"

make() { [ -s "$1" ] || printf '%s\n' "$2" >"$1"; }
random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

for name in bellwether_token postgres_password redis_password s3_password grafana_password; do make "$name" "$(random)"; done
make s3_user bellwether
make pgpass "postgres:5432:bellwether:bellwether:$(cat postgres_password)"
make s3_credentials "$(printf '[default]\naws_access_key_id = %s\naws_secret_access_key = %s' "$(cat s3_user)" "$(cat s3_password)")"
# Read by the user of the containers, entered by nobody else.
chmod 644 ./*
echo "secrets are in $folder"
