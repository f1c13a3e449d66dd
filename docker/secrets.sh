#!/bin/sh
# Makes the secrets that docker-compose.yml mounts, each once: an existing file is never overwritten.
# Usage: docker/secrets.sh [folder]
set -eu

folder="${1:-$(dirname "$0")/secrets}"
mkdir -p "$folder"
# The folder keeps strangers of this machine out; the files are readable because Compose hands them with these
# very modes to containers that do not run as you.
chmod 700 "$folder"

random() { # 48 letters and digits: 24 bytes of the system's randomness
    od -An -N24 -tx1 /dev/urandom | tr -d ' \n'
}

keep() { # keep NAME VALUE: writes the file unless it is there
    [ -e "$folder/$1" ] || printf '%s' "$2" >"$folder/$1"
    chmod 444 "$folder/$1"
}

keep postgres_password "$(random)"
keep app_password "$(random)"
keep secret_key "$(random)"
keep database_admin_url "postgresql://postgres:$(cat "$folder/postgres_password")@postgres:5432/waypost"
keep database_url "postgresql://waypost_app:$(cat "$folder/app_password")@postgres:5432/waypost"
echo "Secrets are in $folder. Keep a copy of secret_key and postgres_password where you keep such things."
