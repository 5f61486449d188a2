#!/bin/bash
# Makes the Debian packages in the chroot of tools/debian13.sh, out of what was built there for the tests, and installs and uses them in a fresh root of
# Debian 13 (tools/deb_test.sh). So it takes minutes less than 'make deb-test', which is for the release of this machine. Needs root or sudo. Exit code
# 75: a root could not be set up, so nothing was tested.
#   tools/deb13_test.sh [folder for the packages]
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-build-deb13}
roots=$(dirname "${DIEN_TRIXIE:-/var/cache/dien/trixie}")
# Tests stay on: another setting would build everything again.
DIEN_TRIXIE_PURPOSES="build package" tools/debian13.sh '' 'rm -f build/*.deb; tools/deb.sh build -DBUILD_TESTING=ON -DDIEN_WERROR=ON'
rm -rf "$out"
mkdir -p "$out"
cp "${DIEN_TRIXIE:-/var/cache/dien/trixie}"/dien/build/*.deb "$out/"
DIEN_ROOTS=$roots tools/deb_test.sh "$out" trixie
