#!/bin/bash
# Builds and tests the present tree in Debian 13 (oneDNN 3.7), in a chroot made by debootstrap.
#   tools/debian13.sh [ctest label expression [command]]
# command: run in the tree there instead of the tests. DIEN_TRIXIE_PURPOSES: which of tools/packages.txt to install (build).
# What is left as it was before anything was installed, beside it as trixie-minbase, is for tools/deb_test.sh. The chroot lives in $DIEN_TRIXIE (default /var/cache/dien/trixie) and is used again; the tree is copied into it. Real
# scans ($DIEN_DATA) are bound into it where the machine allows mounts. Needs root or sudo. Exit code 75: Debian 13 could not
# be set up (no network, no room), so nothing was tested.
set -euo pipefail
source_folder=$(cd "$(dirname "$0")/.." && pwd)
root=${DIEN_TRIXIE:-/var/cache/dien/trixie}
# The archive that this machine's own apt uses.
mirror=${DIEN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' | grep -v security | sort -u | head -n 1 || true)}
labels=${1:-.} # "" is all, too
command=${2:-}
data=${DIEN_DATA:-$source_folder/../shared/data}

if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "make debian13 needs root or sudo, because a chroot does" >&2; exit 1; }
    exec sudo --preserve-env=DIEN_TRIXIE,DIEN_MIRROR,DIEN_DATA,JOBS,DIEN_TRIXIE_PURPOSES "$0" "$@"
fi
if ! command -v debootstrap >/dev/null; then
    apt-get -o DPkg::Lock::Timeout=600 install -y -qq --no-install-recommends debootstrap >/dev/null 2>&1 || {
        apt-get -o DPkg::Lock::Timeout=600 update -qq &&
            apt-get -o DPkg::Lock::Timeout=600 install -y -qq --no-install-recommends debootstrap >/dev/null
    } || { echo "debootstrap cannot be installed" >&2; exit 75; }
fi

# One at a time: two runs would copy into each other's tree.
mkdir -p "$(dirname "$root")"
exec 9>"$root.lock"
flock -n 9 || { echo "waiting for another run in $root"; flock 9; }

# Mounts of our own, gone with the last process even where this is killed; without them where the machine allows none.
private="unshare --mount"
$private true 2>/dev/null || private=

script=/usr/share/debootstrap/scripts/trixie
[ -e "$script" ] || script=/usr/share/debootstrap/scripts/sid
if [ ! -e "$root/.dien-ready" ]; then
    # Half of an interrupted set-up cannot be told from a good one; but a folder that is not ours is left alone.
    if [ -e "$root.setup" ]; then
        rm -rf --one-file-system "$root"
    elif [ -e "$root" ]; then
        echo "$root exists and was not made by this script; name another folder in DIEN_TRIXIE" >&2
        exit 1
    fi
    touch "$root.setup"
    echo "setting up Debian 13 in $root (some minutes, once)"
    $private debootstrap --variant=minbase trixie "$root" "$mirror" "$script" >"$root.log" 2>&1 || {
        tail -n 5 "$root.log" >&2
        echo "debootstrap failed; the whole log is in $root.log" >&2
        exit 75
    }
    touch "$root/.dien-ready"
    # As it is now tools/deb_test.sh wants it, too.
    fresh=$(dirname "$root")/trixie-minbase
    if [ ! -e "$fresh" ]; then
        cp -a "$root" "$fresh.new" && mv "$fresh.new" "$fresh"
    fi
    rm -f "$root.setup"
fi

packages=$(awk -v purposes=" ${DIEN_TRIXIE_PURPOSES:-build} " '!/^#/ && index(purposes, " " $2 " ") {print $1}' "$source_folder/tools/packages.txt")
inside() { # a command in the chroot, with /proc, /sys, /dev and the scans where mounts are allowed
    $private bash -c '
        root=$1 data=$2 private=$3; shift 3
        [ -z "$private" ] || for folder in proc sys dev; do mount --rbind "/$folder" "$root/$folder" 2>/dev/null || true; done
        if [ -n "$private" ] && [ -d "$data" ]; then mkdir -p "$root/data" && mount --bind "$data" "$root/data" 2>/dev/null; fi
        exec chroot "$root" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 TERM=dumb \
            DEBIAN_FRONTEND=noninteractive DIEN_DATA=/data bash -c "$@"' inside "$root" "$data" "$private" "$@"
}
inside '
    missing=
    for package in $*; do
        dpkg-query -W -f "\${Status}" "$package" 2>/dev/null | grep -q "ok installed" || missing="$missing $package"
    done
    if [ -n "$missing" ]; then
        echo "installing:$missing"
        apt-get -qq update && apt-get -qq install -y --no-install-recommends $missing >/var/log/dien-packages.log 2>&1 ||
            { tail -n 5 /var/log/dien-packages.log >&2; exit 75; }
    fi' packages $packages

# The tree as it stands, uncommitted files included, without what git ignores; build-* stays for the next run.
mkdir -p "$root/dien"
find "$root/dien" -mindepth 1 -maxdepth 1 ! -name build -exec rm -rf {} +
(cd "$source_folder" && git -c safe.directory='*' ls-files -z --cached --others --exclude-standard |
    while IFS= read -r -d '' file; do [ -e "$file" ] && printf '%s\0' "$file"; done | tar -c --null -T - ) | tar -x -C "$root/dien"
inside '
    set -e
    cd /dien
    rmdir /data 2>/dev/null || true  # empty: nothing was bound there
    echo "Debian $(cat /etc/debian_version), oneDNN $(dpkg-query -W -f "\${Version}" libdnnl-dev), $(gcc --version | head -n 1)"
    cmake -S . -B build -DDIEN_WERROR=ON -DCMAKE_INSTALL_PREFIX=/usr >/dev/null # as for packages (tools/deb13_test.sh)
    cmake --build build -j "$2" 2>&1 | { grep -vE "^\[ *[0-9]+%\]" || true; }
    test "${PIPESTATUS[0]}" -eq 0
    if [ -n "$3" ]; then
        eval "$3"
    else
        cd build && ctest --output-on-failure -j "$2" -L "$1"
    fi' build "$labels" "${JOBS:-$(nproc)}" "$command"
