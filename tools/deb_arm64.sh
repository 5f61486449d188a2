#!/bin/bash
# Makes the Debian packages for arm64 on an amd64 machine (Debian's cross compiler, multiarch libraries), installs them and runs the quick
# tests under qemu-user. All of it is done in a chroot made by debootstrap, so that the packages of this machine stay as they are.
#   tools/deb_arm64.sh [expression of ctest labels [expression of tests' names]]     ("none": only the packages; "selftest": they and dien selftest, which takes an
#                                                        hour and more where each instruction is emulated)
# The chroot ($DIEN_ROOTS/SUITE-arm64, default /var/cache/dien) is used again; DIEN_SUITE: the release (default: this machine's). The packages
# come into build-deb-arm64/. Programs for arm64 start by themselves there: binfmt_misc is mounted in a user namespace of our own
# (Linux 6.7 and later), so nothing is registered for the rest of the machine. Needs root. Exit code 75: the chroot could not be set up.
set -euo pipefail
source_folder=$(cd "$(dirname "$0")/.." && pwd)
names=${2:-.}
labels=${1:-^(base|image|chart|net|models|stats|register|prepare|infer|synth|segment|quality|report|study|cohort|lib)$}
# shellcheck disable=SC1091
suite=${DIEN_SUITE:-$(. /etc/os-release && echo "$VERSION_CODENAME")}
roots=${DIEN_ROOTS:-/var/cache/dien}
root=$roots/$suite-arm64
mirror=${DIEN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' | grep -v security | sort -u | head -n 1 || true)}
jobs=${JOBS:-$(nproc)}
[ "$(id -u)" -eq 0 ] || { echo "tools/deb_arm64.sh needs root, because a chroot does" >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "tools/deb_arm64.sh needs the program debootstrap" >&2; exit 1; }
unshare --user --map-root-user --mount sh -c 'mount -t binfmt_misc none /proc/sys/fs/binfmt_misc' 2>/dev/null ||
    { echo "this machine allows no binfmt_misc of our own (Linux 6.7 or later, user namespaces)" >&2; exit 75; }

mkdir -p "$roots"
exec 9>"$root.lock"
flock -n 9 || { echo "waiting for another run in $root"; flock 9; }
if [ ! -e "$root/.dien-ready" ]; then
    [ ! -e "$root" ] || [ -e "$root.setup" ] || { echo "$root exists and was not made by this script" >&2; exit 1; }
    touch "$root.setup"
    rm -rf --one-file-system "$root"
    echo "setting up $suite in $root (some minutes, once)"
    unshare --mount debootstrap --variant=minbase "$suite" "$root" "$mirror" >"$root.log" 2>&1 || { tail -n 5 "$root.log" >&2; exit 75; }
    touch "$root/.dien-ready"
    rm -f "$root.setup"
fi

mounts='for folder in proc sys dev; do mount --rbind "/$folder" "$root/$folder"; done'
enter='exec chroot "$root" env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 TERM=dumb OMP_WAIT_POLICY=passive DEBIAN_FRONTEND=noninteractive bash -euc "$@"'
# As root of this machine, for apt.
inside() { unshare --mount bash -euc "root=\$1; shift; $mounts; $enter" inside "$root" "$@"; }
# With programs for arm64 run by qemu. The number of the file's format and machine: ELF, 64 bits, little-endian, AArch64.
magic='\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00'
mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
emulated() {
    unshare --user --map-root-user --mount bash -euc "root=\$1; shift; $mounts
        mount -t binfmt_misc none \"\$root/proc/sys/fs/binfmt_misc\"
        chroot \"\$root\" sh -c 'printf %s \"\$1\" >/proc/sys/fs/binfmt_misc/register' sh ':aarch64:M::$magic:$mask:/usr/bin/qemu-aarch64:OC'
        $enter" emulated "$root" "$@"
}

# The libraries for arm64; programs (compiler, cmake, gnuplot, dcm2niix) of this machine's kind, which are quick.
purposes() { awk '!/^#/ && ($2 == "build" || $2 == "package") {print $1}' "$source_folder/tools/packages.txt"; }
libraries=$(purposes | grep -E '^lib' | sed 's/$/:arm64/')
programs=$(purposes | grep -vE '^(lib|nettle-dev|zlib1g-dev|build-essential)')
# shellcheck disable=SC2086 # words are meant
inside '
    if ! dpkg --print-foreign-architectures | grep -qx arm64; then dpkg --add-architecture arm64; fi
    if [ ! -e /var/lib/dien-packages ] || [ "$*" != "$(cat /var/lib/dien-packages)" ]; then
        echo "installing packages"
        { apt-get -qq update && apt-get -qq install -y --no-install-recommends "$@" && printf %s "$*" >/var/lib/dien-packages; } >/var/log/dien.log 2>&1 ||
            { tail -n 12 /var/log/dien.log >&2; exit 75; }
    fi' packages gcc-aarch64-linux-gnu libc6-dev-arm64-cross make qemu-user libstdc++6:arm64 libgomp1:arm64 nettle-dev:arm64 zlib1g-dev:arm64 $libraries $programs

# The tree as it stands, uncommitted files included, without what git ignores.
mkdir -p "$root/dien"
find "$root/dien" -mindepth 1 -maxdepth 1 ! -name 'build*' -exec rm -rf {} +
(cd "$source_folder" && git -c safe.directory='*' ls-files -z --cached --others --exclude-standard |
    while IFS= read -r -d '' file; do [ -e "$file" ] && printf '%s\0' "$file"; done | tar -c --null -T -) | tar -x -C "$root/dien"
cat >"$root/dien/arm64.cmake" <<'END'
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_STRIP aarch64-linux-gnu-strip)
set(PKG_CONFIG_EXECUTABLE aarch64-linux-gnu-pkg-config)
set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE arm64)
END
epoch=$(git -C "$source_folder" -c safe.directory='*' log -1 --format=%ct)

echo "== packages"
began=$SECONDS
emulated '
    cd /dien
    export DEB_HOST_ARCH=arm64 SOURCE_DATE_EPOCH=$1 JOBS=$2
    tools/deb.sh build-deb-arm64 -DCMAKE_TOOLCHAIN_FILE=/dien/arm64.cmake -DCPACK_DEBIAN_PACKAGE_ARCHITECTURE=arm64 \
        -DCMAKE_INSTALL_LIBDIR=lib/aarch64-linux-gnu
    file -L build-deb-arm64/dien | cut -c 1-120
    for deb in build-deb-arm64/*.deb; do dpkg-deb -f $deb Package Architecture Depends; done' packages "$epoch" "$jobs"
mkdir -p "$source_folder/build-deb-arm64"
cp "$root"/dien/build-deb-arm64/*.deb "$source_folder/build-deb-arm64/"
echo "made in $((SECONDS - began)) s"

echo "== installed"
inside '
    apt-get -qq install -y --no-install-recommends --reinstall /dien/build-deb-arm64/dien_*.deb /dien/build-deb-arm64/libdien0_*.deb >/var/log/dien.log 2>&1 ||
        { tail -n 12 /var/log/dien.log >&2; exit 1; }
    dpkg -s dien | grep -E "^(Architecture|Version)"'
emulated 'dien --version' version
code=0
if [ "$labels" = selftest ]; then
    began=$SECONDS
    emulated 'dien selftest' selftest || code=$?
    echo "dien selftest: exit code $code, $((SECONDS - began)) s under qemu-user"
elif [ "$labels" != none ]; then
    echo "== tests"
    # shellcheck disable=SC2016
    emulated '
        cd /dien
        # In the same folder, so that what the packages are made of is not compiled again.
        cmake build-deb-arm64 -DBUILD_TESTING=ON -DDIEN_TEST_SECONDS=14400 >build-arm64.log 2>&1 || { cat build-arm64.log >&2; exit 1; }
        cmake --build build-deb-arm64 -j "$2" 2>&1 | { grep -vE "^\[ *[0-9]+%\]" || true; }
        test "${PIPESTATUS[0]}" -eq 0
        cd build-deb-arm64
        ctest --output-on-failure -j "$2" -L "$1" -R "$3"' tests "$labels" "$jobs" "$names" || code=1
fi
exit "$code"
