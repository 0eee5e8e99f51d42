#!/bin/sh
# Puts kd-edge and the bundle beside this file onto a device, without a network:
#   sh install.sh [--allow-older] [FOLDER]
set -eu
KD_EDGE_ALLOW_OLDER=
case "${1:-}" in
--allow-older)
    KD_EDGE_ALLOW_OLDER=1
    shift
    ;;
esac
export KD_EDGE_ALLOW_OLDER
case "${1:-}" in
-*)
    echo "usage: sh install.sh [--allow-older] [FOLDER]" >&2
    exit 2
    ;;
esac
fail() {
    echo "Error: $1" >&2
    exit 1
}
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

# Where the device has a list of signers, nothing of the kit is run before one of them is found to
# have signed its list of hashes.
program=$here/kit/install.pyz sums=$here/kit/SHA256SUMS
root=${1:-${KD_EDGE_ROOT:-}}
if [ -z "$root" ]; then
    root=/var/lib/kd-edge
    [ -d "$root" ] || [ "$(id -u)" = 0 ] || root=${XDG_DATA_HOME:-${HOME:-}/.local/share}/kd-edge
fi
case $root in /*) ;; *) root=$PWD/$root ;; esac
allowed=$root/allowed_signers revoked=$root/revoked_keys
if [ -e "$allowed" ] || [ -h "$allowed" ]; then
    for path in "$root" "$allowed" "$revoked"; do
        [ ! -e "$path" ] || [ -z "$(find -L "$path" -prune -perm -002)" ] ||
            fail "anybody may write into '$path', so that '$allowed' does not say whom to trust: 'chmod o-w $path'."
    done
    command -v ssh-keygen >/dev/null 2>&1 ||
        fail "this device has no ssh-keygen to check the kit: install openssh-client."
    # What is checked and run is a copy: a stick need not give the same bytes twice. The program
    # checks the rest of the kit likewise.
    copy=$(mktemp -d)
    trap 'rm -rf "$copy"' EXIT
    for file in SHA256SUMS SHA256SUMS.sig install.pyz; do
        [ ! -f "$here/kit/$file" ] || cp -- "$here/kit/$file" "$copy/$file"
    done
    cd -- "$copy"
    [ -f SHA256SUMS.sig ] ||
        fail "the kit is not signed, but there is a list '$allowed': flash it with --key."
    [ -f SHA256SUMS ] || fail "the kit's list of hashes is missing: flash it again."
    # OpenSSH passes over bytes of zero, which a power cut leaves: then no key would be revoked.
    if [ -f "$revoked" ] && [ "$(head -c 6 "$revoked")" != SSHKRL ] &&
        [ "$(tr -d '\000' <"$revoked" | wc -c)" -ne "$(wc -c <"$revoked")" ]; then
        fail "'$revoked' is damaged: write the list of revoked keys again."
    fi
    signer=
    names=$(ssh-keygen -Y find-principals -f "$allowed" -s SHA256SUMS.sig 2>/dev/null) || names=
    while IFS= read -r name; do
        set -- -Y verify -f "$allowed" -I "$name" -n kd-edge -s SHA256SUMS.sig
        { [ ! -e "$revoked" ] && [ ! -h "$revoked" ]; } || set -- "$@" -r "$revoked"
        [ -z "$name" ] || ! ssh-keygen "$@" <SHA256SUMS >/dev/null 2>&1 || signer=$name
    done <<NAMES
$names
NAMES
    [ -n "$signer" ] || fail "the kit is not signed by anybody whom '$allowed' allows."
    sed -n '/^[0-9a-f]\{64\}  install\.pyz$/p' SHA256SUMS >program
    sha256sum -c program >/dev/null 2>&1 || shasum -a 256 -c program >/dev/null 2>&1 ||
        fail "the kit's install.pyz is missing or damaged: flash it again."
    program=$copy/install.pyz sums=$copy/SHA256SUMS
    cd /
    set -- "$root"
fi

# Nobody brings back software that was replaced, though it was signed once. The program cannot say
# so: it is as old as its kit.
lib=
for one in "$root"/runtime/[0-9]*; do
    [ ! -f "$one/whole" ] || lib=$one
done
for one in "$lib"/kd_edge_runtime-*.dist-info; do
    [ -n "$lib" ] && [ -d "$one" ] || continue
    now=$(printf '%s\n' "${one##*/}" | sed -n 's/^kd_edge_runtime-\([0-9][0-9.]*\).*\.dist-info$/\1/p')
    new=$(sed -n 's/^[0-9a-f]*  kd_edge_runtime-\([0-9][0-9.]*\).*\.whl$/\1/p' "$sums" 2>/dev/null) || new=
    least=$(printf '%s\n%s\n' "$new" "$now" | sort -t . -k 1,1n -k 2,2n -k 3,3n | head -n 1)
    if [ -n "$now" ] && [ -n "$new" ] && [ "${new%.}" != "${now%.}" ] &&
        [ "$least" = "$new" ] && [ -z "$KD_EDGE_ALLOW_OLDER" ]; then
        fail "this kit has kd-edge ${new%.}, and ${now%.} is installed: add --allow-older to take it."
    fi
done

for python in python3 python3.15 python3.14 python3.13 python3.12 python3.11 python3.10 python3.9 ''; do
    [ -n "$python" ] || break
    ! command -v "$python" >/dev/null 2>&1 || break
done
[ -n "$python" ] || fail "this device has no python3: kd-edge needs Python 3.9 or newer."
# -I: nothing of the user's is imported; -B: nothing is written onto the stick.
"$python" -I -B "$program" "$here" "$@"
