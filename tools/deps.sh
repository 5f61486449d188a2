#!/bin/bash
# Installs the packages of tools/packages.txt for the purposes named (default: build). Calls apt only if a package is missing.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
purposes=${*:-build}

wanted=$(awk -v purposes=" $purposes " '!/^#/ && NF >= 2 && index(purposes, " " $2 " ") {print $1}' "$here/packages.txt")
missing=
for package in $wanted; do
    # A virtual or renamed package (pkg-config is pkgconf on newer releases) counts where something provides it.
    if ! dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n${db:Status-Abbrev} ${Provides}\n' 2>/dev/null |
        awk -v p="$package" '/^ii/ {gsub(",", " "); for (i = 2; i <= NF; i++) if ($i == p) found = 1} END {exit !found}'; then
        missing="$missing $package"
    fi
done
if [ -z "$missing" ]; then
    exit 0
fi

if ! command -v apt-get >/dev/null; then
    echo "dien needs these packages, and there is no apt-get here to install them:$missing" >&2
    exit 1
fi
root=
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "dien needs packages; as root, run: apt-get install$missing" >&2
        exit 1
    fi
    root=sudo
fi
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
apt="$root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 -qq"
# shellcheck disable=SC2086 # words are meant
$apt install -y --no-install-recommends $missing >/dev/null 2>&1 || {
    $apt update
    $apt install -y --no-install-recommends $missing >/dev/null
}
