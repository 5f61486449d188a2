#!/bin/bash
# Makes the Debian packages of the present tree in build-deb/: dien, libdien0, libdien-dev, for the release of Debian or Ubuntu on which this runs.
#   tools/deb.sh [build folder [options of cmake...]]
# The same tree on the same release gives the same bytes (SOURCE_DATE_EPOCH: the date of the last commit, unless it is set).
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build-deb}
[ $# -eq 0 ] || shift
for tool in dpkg-shlibdeps file; do
    command -v "$tool" >/dev/null || { echo "make deb needs the program $tool (packages dpkg-dev, file)" >&2; exit 1; }
done
if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
    SOURCE_DATE_EPOCH=$(git -c safe.directory='*' log -1 --format=%ct 2>/dev/null) || SOURCE_DATE_EPOCH=$(stat -c %Y CHANGELOG.md)
fi
export SOURCE_DATE_EPOCH
# shellcheck disable=SC1091
release=$(. /etc/os-release && case $ID in debian) echo "deb${VERSION_ID:-0}" ;; *) echo "$ID${VERSION_ID:-0}" ;; esac)

cmake -S . -B "$build" -DCMAKE_INSTALL_PREFIX=/usr -DCMAKE_BUILD_TYPE=RelWithDebInfo -DBUILD_TESTING=OFF -DDIEN_DEB=ON \
    -DDIEN_DEB_RELEASE="$release" "$@" >"$build.log" 2>&1 || { cat "$build.log"; rm -f "$build.log"; exit 1; }
rm -f "$build.log"
version=$(sed -n 's/^CMAKE_PROJECT_VERSION:STATIC=//p' "$build/CMakeCache.txt")
{
    echo "dien ($version-1~$release) unstable; urgency=medium"
    echo
    echo "  * Made by 'make deb'. What changed is in CHANGELOG.md beside this file."
    echo
    echo " -- The dien developers <dien@dien.invalid>  $(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")"
} | gzip -9n >"$build/changelog.gz"
rm -f "$build"/*.deb
umask 022
cmake --build "$build" -j "${JOBS:-$(nproc)}"
(cd "$build" && cpack -G DEB >cpack.log 2>&1) || { tail -n 20 "$build/cpack.log" >&2; exit 1; }
ls -l "$build"/*.deb | awk '{ print $NF, $5 " bytes" }'
