#!/bin/bash
# Installs the Debian packages of a build folder in a fresh root, as the containers do, and uses them there as an ordinary user.
#   tools/deb_test.sh [build folder [suite]]
# The root is a copy of one made by debootstrap (once, in $DIEN_ROOTS, default /var/cache/dien); suite: the release for which the packages were made
# (default: this machine's). What is in it comes from packaging/Dockerfile and packaging/dien.def themselves: their lines are carried out in the
# root. Needs root or sudo. Exit code 75: no root could be set up (no network, no room), so nothing was tested.
set -euo pipefail
source_folder=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "${1:-$source_folder/build-deb}" && pwd)
# shellcheck disable=SC1091
suite=${2:-$(. /etc/os-release && echo "$VERSION_CODENAME")}
roots=${DIEN_ROOTS:-/var/cache/dien}
mirror=${DIEN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' | grep -v security | sort -u | head -n 1 || true)}
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "make deb-test needs root or sudo, because a chroot does" >&2; exit 1; }
    exec sudo --preserve-env=DIEN_ROOTS,DIEN_MIRROR "$0" "$build" "$suite"
fi
command -v debootstrap >/dev/null || apt-get -o DPkg::Lock::Timeout=600 install -y -qq --no-install-recommends debootstrap >/dev/null 2>&1 ||
    { echo "debootstrap cannot be installed" >&2; exit 75; }
private="unshare --mount"
$private true 2>/dev/null || { echo "this machine allows no mounts of our own; the test needs them" >&2; exit 75; }

failures=0
fail() {
    echo "FAIL: $*"
    failures=$((failures + 1))
}

# A root made once, in a folder that gets its name when it is whole; each test takes a copy.
base=$roots/$suite-minbase
mkdir -p "$roots"
exec 9>"$base.lock"
flock -n 9 || { echo "waiting for another run with $base"; flock 9; }
if [ ! -e "$base/.dien-ready" ]; then
    script=/usr/share/debootstrap/scripts/$suite
    [ -e "$script" ] || script=/usr/share/debootstrap/scripts/sid
    rm -rf --one-file-system "$base"
    echo "setting up $suite in $base (some minutes, once)"
    $private debootstrap --variant=minbase "$suite" "$base" "$mirror" "$script" >"$base.log" 2>&1 || {
        tail -n 5 "$base.log" >&2
        exit 75
    }
    touch "$base/.dien-ready"
fi
root=$(mktemp -d "$roots/test.XXXXXX")
trap 'rm -rf --one-file-system "$root"' EXIT
cp -a "$base/." "$root/"
chmod 755 "$root"
mkdir -p "$base-archives" "$root/var/cache/apt/archives" "$root/work"
chmod 1777 "$root/work"

inside() { # user, words...: in the root; the packages that apt fetches are kept for the next run
    $private bash -c '
        root=$1 archives=$2 user=$3; shift 3
        for folder in proc sys dev; do mount --rbind "/$folder" "$root/$folder"; done
        mount --bind "$archives" "$root/var/cache/apt/archives"
        exec chroot --userspec="$user" "$root" env -i HOME=/nonexistent PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 TERM=dumb \
            OMP_WAIT_POLICY=passive DEBIAN_FRONTEND=noninteractive "$@"' inside "$root" "$base-archives" "$@"
}

# What the two definitions say: one line per line.
docker_lines() { sed -e ':join' -e '/\\$/{N;s/\\\n *//;b join}' "$source_folder/packaging/Dockerfile" | sed -n "s/^$1 //p"; }
section() { awk -v name="%$1" '/^%/ { on = $1 == name; next } on && NF { sub(/^ +/, ""); print }' "$source_folder/packaging/dien.def"; }
copied=$(docker_lines COPY)
[ "$copied" = "$(section files)" ] || fail "Dockerfile copies '$copied', dien.def '$(section files)'"
same=$(section post | paste -sd' ')
[ "$(docker_lines RUN | sed 's/ *&& */ /g')" = "$same" ] || fail "Dockerfile runs other commands than dien.def: $same"
# shellcheck disable=SC2086 # a pattern is meant
(cd "$build" && cp ${copied% *} "$root/${copied##* }")
[ "$(find "$root/tmp" -name 'dien_*.deb' | wc -l)" -eq 1 ] || fail "expected one package dien in $build"

echo "== install as packaging/Dockerfile says"
began=$SECONDS
inside 0:0 sh -c "$(docker_lines RUN)" >"$root.log" 2>&1 || {
    tail -n 15 "$root.log"
    rm -f "$root.log"
    exit 1
}
rm -f "$root.log"
echo "installed in $((SECONDS - began)) s; the root has $(du -sxm --exclude=./var/cache/apt/archives "$root" | cut -f1) MB, of them $(du -sm "$base" | cut -f1) the release's"
inside 0:0 dpkg --audit | grep . && fail "dpkg --audit has something to say"
inside 0:0 dpkg --verify dien | grep . && fail "files of the package are missing or changed"
# Only where a package may put something.
inside 0:0 dpkg -L dien | grep -vE '^/(\.|usr|usr/(bin|share)|usr/bin/dien|usr/share/(dien|doc/dien|doc|man|man/man1|man/man1/dien[a-z-]*\.1\.gz|bash-completion|bash-completion/completions|bash-completion/completions/dien|zsh|zsh/(site-functions|vendor-completions)(/_dien)?|fish|fish/vendor_completions\.d(/dien\.fish)?|lintian|lintian/overrides|lintian/overrides/dien)|usr/share/(dien|doc/dien)/.*)$' |
    grep . && fail "files at unusual places"
grep -E '^(Depends|Recommends|Suggests):' < <(dpkg-deb -f "$build"/dien_*.deb)

# As somebody who has no home and may write to one folder only.
echo "== use as an ordinary user"
user=4711:4711
entry=$(docker_lines ENTRYPOINT | tr -d '[]",')
[ "exec $entry \"\$@\"" = "$(section runscript)" ] || fail "the entry points differ: $entry, $(section runscript)"
began=$SECONDS
inside $user dien selftest >"$root/work/selftest.txt" 2>"$root/work/log" || fail "dien selftest: $(tail -n 3 "$root/work/log")"
tail -n 1 "$root/work/selftest.txt"
grep -E '^(system|networks by|libraries)' "$root/work/selftest.txt"
inside $user dien synth /usr/share/dien/template/head.nii.gz -o /work/demo --plain >"$root/work/log" 2>&1 || fail "dien synth: $(tail -n 3 "$root/work/log")"
scan=/work/demo/head_sample-0001_T1w.nii.gz
inside $user dien segment $scan -o /work/results --structures hypothalamus >"$root/work/log" 2>&1 || fail "dien segment: $(tail -n 3 "$root/work/log")"
for file in qc.png report.html volumes.tsv dseg.nii.gz; do
    [ -s "$root/work/results/head_sample-0001_$file" ] || fail "dien segment wrote no $file"
done
# A BIDS data set that can only be read, through the entry point.
mkdir -p "$root/work/bids/sub-01/anat"
cp "$root$scan" "$root/work/bids/sub-01/anat/sub-01_T1w.nii.gz"
echo '{"Name": "demo", "BIDSVersion": "1.9.0"}' >"$root/work/bids/dataset_description.json"
chmod -R a=rX "$root/work/bids"
# shellcheck disable=SC2086 # words are meant
inside $user $entry /work/bids /work/out participant --structures hypothalamus >"$root/work/log" 2>&1 || fail "$entry: $(tail -n 3 "$root/work/log")"
[ -s "$root/work/out/sub-01/anat/sub-01_volumes.tsv" ] || fail "the BIDS App wrote no volumes"
# A figure, with the gnuplot of the container.
printf 'participant_id\tgroup\tv\n%s' "$(for i in $(seq 12); do printf 's%s\t%s\t%s\n' "$i" "$([ $((i % 2)) -eq 0 ] && echo A || echo B)" "$((700 + i * 13 % 17))"; done)" >"$root/work/people.tsv"
inside $user dien stats groups /work/people.tsv --value v --group group -o /work/stats >"$root/work/log" 2>&1 || fail "dien stats groups: $(tail -n 3 "$root/work/log")"
ls "$root"/work/stats/*.svg >/dev/null 2>&1 || fail "dien stats groups drew no figure"
# Completion and man pages, which minimal roots do without man for.
inside $user bash -c '. /usr/share/bash-completion/completions/dien && COMP_WORDS=(dien ru) COMP_CWORD=1 COMP_LINE="dien ru" COMP_POINT=7 && f=$(complete -p dien | sed "s/.*-F \([^ ]*\).*/\1/") && $f && echo "${COMPREPLY[@]}"' >"$root/work/log" 2>&1
grep -qw run "$root/work/log" || fail "bash completes 'dien ru' to: $(cat "$root/work/log")"
for page in dien dien-run dien-selftest; do
    inside $user sh -c "zcat /usr/share/man/man1/$page.1.gz" >"$root/work/page" 2>&1 || fail "no man page $page"
    if command -v man >/dev/null; then
        [ -z "$(man --warnings -l "$root/work/page" 2>&1 >/dev/null)" ] || fail "man warns of $page"
    fi
done
echo "used for $((SECONDS - began)) s"

# The library's packages: what they need is there, and a program of theirs is found.
echo "== libdien0, and removal"
cp "$build"/libdien0_*.deb "$root/tmp/"
inside 0:0 sh -c 'dpkg -i /tmp/libdien0_*.deb && ldconfig -p | grep -q libdien.so.0' >"$root/work/log" 2>&1 || fail "libdien0: $(tail -n 3 "$root/work/log")"
inside 0:0 sh -c 'dpkg --purge libdien0 dien' >"$root/work/log" 2>&1 || fail "purge: $(tail -n 3 "$root/work/log")"
left=$(find "$root/usr" "$root/etc" "$root/var/lib" -path '*dien*' ! -path '*/dpkg/*' | head -n 3)
[ -z "$left" ] || fail "left after removal: $left"

if command -v lintian >/dev/null; then
    echo "== lintian"
    lintian --fail-on error --suppress-tags bogus-mail-host,initial-upload-closes-no-bugs --allow-root "$build"/*.deb || fail "lintian has errors"
else
    echo "lintian is not installed: left out"
fi
if [ "$failures" -gt 0 ]; then
    echo "$failures failed"
    exit 1
fi
echo "the packages work"
